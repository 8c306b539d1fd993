"""The page for users names every entity and column the loader knows, and its example reads."""

import re
from pathlib import Path

from orchestration.loads import read_mapping, source_spec

PAGE = Path(__file__).resolve().parents[3] / "docs" / "bring-your-own-data.md"


def test_every_entity_and_column_is_documented() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(), flags=re.MULTILINE))
    tables = source_spec("files").tables
    assert list(rows) == list(tables)
    for name, table in tables.items():
        listed = re.sub(r"\([^)]*\)", "", rows[name])
        columns = [column.strip() for column in listed.split(",")]
        expected = [f"**{c.name}**" if c.required else c.name for c in table.columns.values()]
        assert columns == expected


def test_the_example_mapping_reads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    path = tmp_path / "mapping.yml"
    path.write_text(example)
    assert read_mapping(path).company == "Example Ltd"
