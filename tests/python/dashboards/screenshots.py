"""Pictures of the demo company's pages for docs/dashboard.md: `make screenshots` writes them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
from PIL import Image

from orchestration.home import Home
from orchestration.publish import SCHEMA, read_publication
from tests.python.conftest import ROOT
from tests.python.dashboards.browser import show, start, until
from tests.python.dashboards.conftest import served

FOLDER = ROOT / "docs" / "screenshots"
SIZE = {"width": 1200, "height": 900, "deviceScaleFactor": 1, "mobile": False}
COLOURS = 192


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        name: The file's.
        title: Of the page.
        address: Of the page.
        view: Which view stands on top; the head of the page without it.
        scheme: Light or dark.
    """

    name: str
    title: str
    address: str = ""
    view: str = ""
    scheme: str = "light"


PICTURES = (
    Picture("leader", "Leader"),
    Picture("leader-dark", "Leader", view="retention", scheme="dark"),
    Picture("nrr", "Leader", view="nrr-moved"),
    Picture("renewals", "Leader", view="renewals"),
    Picture("book", "My book", "book"),
    Picture("finance", "Finance", "finance"),
    Picture("product", "Product", "product", view="stopped"),
    Picture("trust", "Trust", "trust"),
)


def main() -> None:
    """Write the pictures of the home that CSW_HOME names, if it is the demo company's."""
    home = Home.resolve()
    publication = read_publication(home.published)
    if publication is None or publication.company != "demo":
        sys.exit("Only the demo company is shown in the documents: `make refresh` publishes it.")
    FOLDER.mkdir(exist_ok=True)
    browser = start()
    try:
        with served(home) as address:
            for picture in PICTURES:
                _take(browser, address, picture, _csm(home.published / publication.database))
    finally:
        browser.quit()


def _csm(database: Path) -> str:
    """Return whose book is shown: who has most accounts."""
    query = f"select csm_name from {SCHEMA}.mart_health_score group by 1 order by count(*) desc, 1"
    with duckdb.connect(database, read_only=True) as connection:
        return str(connection.execute(query).fetchall()[0][0])


def _take(browser: Any, address: str, picture: Picture, csm: str) -> None:
    preference = {"features": [{"name": "prefers-color-scheme", "value": picture.scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
    asked = f"?{urlencode({'csm': csm})}" if picture.name == "book" else ""
    show(browser, f"{address}/{picture.address}{asked}", picture.title)
    if picture.view:
        view = browser.find_element("id", picture.view)
        browser.execute_script("arguments[0].scrollIntoView()", view)
    # Charts fade in and the page moves while it is drawn: two pictures are the same when it rests.
    last: list[bytes] = []

    def is_at_rest() -> bool:
        last.append(browser.get_screenshot_as_png())
        return len(last) > 1 and last[-1] == last[-2]

    until(is_at_rest)
    image = Image.open(BytesIO(last[-1])).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(FOLDER / f"{picture.name}.png", optimize=True)
    print(f"docs/screenshots/{picture.name}.png")


if __name__ == "__main__":
    main()
