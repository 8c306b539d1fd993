"""The exports have the columns that the raw tables declare, and nothing required is empty."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

# Optional exports that the demo company has no use for.
NOT_WRITTEN = {"stripe.plan", "stripe.dispute", "stripe.coupon"}
TABLES = Path(__file__).resolve().parents[3] / "orchestration" / "raw_tables"


def snake(name):
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


def rows_of(company, source, table):
    folder = company.home / "exports" / source
    if table == "tracks":
        return pq.read_table(company.track_files()[-1]).to_pylist()
    for path in folder.iterdir():
        if snake(path.stem).removesuffix("s") == table.removesuffix("s"):
            if source == "segment":
                return company.people(path.stem)
            rows = getattr(company, source)(path.stem)
            return [{snake(key): value for key, value in row.items()} for row in rows]
    raise AssertionError(f"no file for {source}.{table}")


def declared():
    for source in ("salesforce", "stripe", "segment", "zendesk", "delighted"):
        for table, facts in yaml.safe_load((TABLES / f"{source}.yml").read_text())[
            "tables"
        ].items():
            if f"{source}.{table}" in NOT_WRITTEN:
                continue
            yield pytest.param(source, table, facts, id=f"{source}.{table}")


@pytest.mark.parametrize(("source", "table", "facts"), list(declared()))
def test_columns(small, source, table, facts):
    rows = rows_of(small, source, table)
    assert rows
    names = set().union(*rows)
    assert names <= set(facts["columns"])
    required = [name for name, kind in facts["columns"].items() if kind.endswith("!")]
    for row in rows:
        assert all(row.get(name) not in (None, "") for name in required)


@pytest.mark.parametrize(
    ("source", "table", "facts"),
    [case for case in declared() if not case.values[2].get("append_only")],
)
def test_keys_are_unique(small, source, table, facts):
    """Of all but events: the same message may be delivered twice."""
    rows = rows_of(small, source, table)
    keys = [tuple(row.get(name) for name in facts["key"]) for row in rows]
    assert len(keys) == len(set(keys))


def test_every_export_file_exists_before_anything_happened(small):
    names = {path.name for path in (small.home / "exports").rglob("*") if path.is_file()}
    assert {"Churn_Reason__c.csv", "charges.jsonl", "survey_responses.csv", "demo.json"} <= names
    assert not any(name.endswith(".part") for name in names)


def test_columns_of_tracks_appear_with_their_first_value(small):
    first, *_, last = small.track_files()
    new = set(pq.read_schema(last).names) - set(pq.read_schema(first).names)
    assert new == {"anonymous_id", "original_timestamp"}
