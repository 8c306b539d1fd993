"""The scan of CSV files against Python's own reader, and across block borders."""

import csv
import io
import random
from pathlib import Path

import duckdb
import numpy as np
import pytest

from orchestration.loads import textscan
from orchestration.loads.csvscan import scan_csv
from orchestration.loads.files import InputFile
from orchestration.loads.model import FileError
from orchestration.loads.reader import stage

CELLS = ["", "a", "x y", 'say "hi"', "one, two", "two\nlines", '"', "ü", "\n", ' "', "''", "a\r\nb"]
BROKEN = ["a,b\n", "a,b,c,d\n", 'a,"b,c\n', 'a,b"c,d\n', 'a,"b"c,d\n', "\n"]


def random_file(seed: int) -> tuple[bytes, dict[int, list[str]], set[int]]:
    """A file with its sound records by line, and the lines that are broken."""
    chance = random.Random(seed)
    ends = chance.choice([["\n"], ["\r\n"], ["\n", "\r\n"]])
    end = ends[0]
    content = "\n" * chance.choice([0, 0, 2]) + f"k,v,w{end}"
    sound: dict[int, list[str]] = {}
    broken: set[int] = set()
    for _ in range(chance.randint(1, 30)):
        line = content.count("\n") + 1
        if chance.random() < 0.15:
            bad = chance.choice(BROKEN)
            content += bad
            if bad != "\n":
                broken.add(line)
            continue
        # Values with a letter, so that no record can be a part of another by chance.
        cells = [chance.choice(CELLS) + chance.choice(["", "z"]) for _ in range(3)]
        end = chance.choice(ends)
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator=end).writerow(cells)
        content += buffer.getvalue()
        if any(cells):  # A record without any value is an empty line.
            sound[line] = cells
    if chance.random() < 0.5:
        content = content.removesuffix(end)
    return content.encode(), sound, broken


@pytest.mark.parametrize("block", [48, 1 << 20])
def test_random_files(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textscan, "BLOCK", block)
    connection = duckdb.connect()
    for seed in range(120):
        content, sound, broken = random_file(seed)
        path = tmp_path / f"{seed}.csv"
        path.write_bytes(content)
        file = InputFile(path, path.name, "csv", gzipped=False)
        staged = stage(connection, file, tmp_path, f"file_{seed}")
        rows = connection.execute(f"select * from {staged.relation} order by _line").fetchall()
        found = {row[0]: [cell or "" for cell in row[1:]] for row in rows}
        assert {item.line for item in staged.broken} == broken, (seed, content)
        assert found == sound, (seed, content)
        assert staged.records == len(sound) + len(broken)


def test_lines_are_regular_where_nothing_is_special(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("a,b\n" + "1,2\n" * 1000)
    scan = scan_csv(path, tmp_path, "clean.csv")
    assert scan.lines is None
    assert scan.clean == path
    assert scan.rows == 1000


def test_a_quote_that_never_closes_costs_one_line(tmp_path: Path) -> None:
    path = tmp_path / "quote.csv"
    path.write_text('a,b\n1,"2\n' + "3,4\n" * 500)
    scan = scan_csv(path, tmp_path, "clean.csv")
    assert [item.line for item in scan.broken] == [2]
    assert scan.rows == 500
    assert np.array_equal(scan.lines, np.arange(3, 503))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n".encode("utf-16"), "seems to be utf-16"),
        (b"a,b\r1,2\r", "carriage returns"),
        (b"\n\n", "no header line"),
        (b"n\xe4me,b\n1,2\n", "line 1, the header, is not valid UTF-8"),
    ],
)
def test_files_that_are_no_csv_at_all(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(FileError, match=words):
        scan_csv(path, tmp_path, "clean.csv")
