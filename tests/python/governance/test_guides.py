"""The guides stay true: links lead somewhere, and the worked example keeps the rules."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .judging import assert_none, breaches
from .project import ROOT, Project, bare_systems, parse
from .rules import (
    grain_untested,
    no_grain_line,
    star_from_another_model,
    undocumented_for_readers,
    wrong_folder,
    wrong_public_types,
    wrong_reads,
    yaml_elsewhere,
)

GUIDES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
EXAMPLE = ROOT / "docs" / "add-a-model.md"
EXAMPLE_MART = "mart_support_load_monthly"
DBT_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests", "dbt_project")

_LINK = re.compile(r"\]\((?!\w+:)(?P<target>[^)#\s]+)(?:#[^)]*)?\)")
_FILE_BLOCK = re.compile(
    r"^`(?P<path>models/\S+)`\n\n```(?:sql|yaml)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


def dead_links(page: Path) -> Iterator[str]:
    """Yield the relative links of a page that lead nowhere."""
    for link in _LINK.finditer(page.read_text(encoding="utf-8")):
        if not (page.parent / link["target"]).exists():
            yield f"{page.name}: {link['target']}"


def copy_of_project(folder: Path) -> Path:
    """Copy what dbt reads, so that the example can be added to it."""
    for part in DBT_PARTS:
        if (ROOT / part).is_dir():
            skipped = shutil.ignore_patterns("python", "__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=skipped)
        else:
            shutil.copy(ROOT / part, folder / part)
    return folder


@pytest.fixture(scope="module")
def project_with_example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = copy_of_project(tmp_path_factory.mktemp("example"))
    for block in _FILE_BLOCK.finditer(EXAMPLE.read_text(encoding="utf-8")):
        path = folder / block["path"]
        assert not path.exists(), f"{block['path']} exists; the example needs another name"
        path.write_text(block["text"], encoding="utf-8")
    return parse(bare_systems(), folder, root=folder).project


def test_links_of_the_guides_lead_somewhere() -> None:
    assert_none(breaches(dead_links, GUIDES))


def test_link_rule_objects(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](page.md) [b](https://example.com/x) [c](#part) [d](page.md#part)")
    assert list(dead_links(page)) == []
    page.write_text("[a](docs/gone.md)")
    assert list(dead_links(page)) == ["page.md: docs/gone.md"]


def test_worked_example_keeps_the_rules(project_with_example: Project) -> None:
    project = project_with_example
    [mart] = [model for model in project.models if model.name == EXAMPLE_MART]
    found = [
        *wrong_folder(mart),
        *wrong_reads(mart, project),
        *undocumented_for_readers(mart, project),
        *wrong_public_types(mart),
        *yaml_elsewhere(mart),
        *no_grain_line(mart),
        *grain_untested(mart, project),
        *star_from_another_model(mart),
    ]
    assert_none(found)


def test_worked_example_has_a_unit_test(project_with_example: Project) -> None:
    assert EXAMPLE_MART in {model for _, model in project_with_example.unit_tests}
