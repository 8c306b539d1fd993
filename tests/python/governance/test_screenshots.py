"""The pictures in the documents are few and small, and each is shown; no test compares them."""

import re

from tests.python.dashboards.screenshots import FOLDER, PICTURES

MOST_BYTES = 150_000


def test_each_picture_is_made_small_and_shown():
    files = {file.name: file.stat().st_size for file in FOLDER.iterdir()}
    assert sorted(files) == sorted(f"{picture.name}.png" for picture in PICTURES)
    assert len(files) <= 8
    assert max(files.values()) <= MOST_BYTES
    page = (FOLDER.parent / "dashboard.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(screenshots/([a-z-]+\.png)\)", page)
    assert sorted(shown) == sorted(files)
