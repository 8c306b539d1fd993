"""A column that was delivered before a version declared it gets its type when it is declared."""

import shutil
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.loads import LoadRequest, load
from orchestration.loads import spec as specs

HEADER = "account_id,account_name,employee_count,created_at\n"
FILES = {
    "subscriptions.csv": "subscription_id,account_id,status,started_at\nsa,a,active,2025-01-01\n",
    "subscription_items.csv": "subscription_item_id,subscription_id,valid_from,quantity,"
    "unit_amount,billing_interval\nia,sa,2025-01-01,1,1200,year\n",
}


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """What an earlier version declared: accounts without two of their columns."""
    folder = tmp_path / "raw_tables"
    shutil.copytree(specs.SPEC_FOLDER, folder)
    declared = (folder / "files.yml").read_text(encoding="utf-8")
    accounts = declared.index("  accounts:")
    before = declared[accounts:]
    for column in ("employee_count: bigint, ", "created_at: timestamp, "):
        assert column in before
        before = before.replace(column, "", 1)
    (folder / "files.yml").write_text(declared[:accounts] + before, encoding="utf-8")
    return folder


def loaded(tmp_path: Path, run_id: str, accounts: str) -> Path:
    folder, warehouse = tmp_path / "files", tmp_path / "warehouse.duckdb"
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "accounts.csv").write_text(HEADER + accounts, encoding="utf-8")
    day = date(2025, 12, 31)
    load(LoadRequest("files", folder, warehouse, run_id, as_of=day, pipelines_dir=tmp_path / "dlt"))
    return warehouse


def accounts_in(warehouse: Path, columns: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(
            f"select {columns} from raw_files.accounts order by _dlt_load_id, account_id"
        ).fetchall()


def load_twice(
    tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch, first: str, then: str
) -> Path:
    """A load by the earlier version, and one by this."""
    with monkeypatch.context() as patched:
        patched.setattr(specs, "SPEC_FOLDER", earlier)
        specs.source_spec.cache_clear()
        warehouse = loaded(tmp_path, "r1", first)
    specs.source_spec.cache_clear()
    assert accounts_in(warehouse, "typeof(employee_count)")[0] == ("VARCHAR",)
    return loaded(tmp_path, "r2", then)


def test_what_was_kept_as_text_has_the_type_that_is_declared_now(tmp_path, earlier, monkeypatch):
    known = "a,A,10,2024-01-02\nb,B,,2024-03-04\n"
    warehouse = load_twice(tmp_path, earlier, monkeypatch, known, known + "c,C,30,2024-05-06\n")
    assert accounts_in(warehouse, "account_id, employee_count, created_at") == [
        ("a", 10, datetime(2024, 1, 2)),
        ("b", None, datetime(2024, 3, 4)),
        ("c", 30, datetime(2024, 5, 6)),
    ]


def test_a_text_that_is_none_of_the_type_is_not_lost(tmp_path, earlier, monkeypatch):
    known = "a,A,10,2024-01-02\nb,B,about 20,2024-03-04\n"
    corrected = "a,A,10,2024-01-02\nb,B,20,2024-03-04\n"
    warehouse = load_twice(tmp_path, earlier, monkeypatch, known, corrected)
    assert accounts_in(warehouse, "account_id, employee_count") == [
        ("a", 10),
        ("b", None),
        ("b", 20),
    ]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        kept = connection.execute(
            "select raw_table, source_file, column_name, raw_text from raw_loads.undeclared_texts"
        ).fetchall()
    assert kept == [("raw_files.accounts", "accounts.csv", "employee_count", "about 20")]
