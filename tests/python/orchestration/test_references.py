"""What a published column refers to by `references.yml` has its values."""

from fnmatch import fnmatchcase
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.database import quote
from orchestration.dictionary import data_dictionary
from orchestration.publish import read_publication
from orchestration.reference_tables import PublishedColumn
from orchestration.references import Reference, reference_rules, references


@pytest.fixture
def published(demo_home):
    publication = read_publication(demo_home.published)
    with duckdb.connect(demo_home.published / publication.database, read_only=True) as connection:
        connection.execute("use marts")
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
        yield SimpleNamespace(connection=connection, columns=columns)


def test_each_value_of_each_reference_is_there(published):
    """One query for each column that is referred to, over all tables that refer to it."""
    others: dict[Reference, list[tuple[str, str]]] = {}
    for place, reference in references(published.columns).items():
        others.setdefault(reference, []).append(place)
    for reference, places in others.items():
        also = [quote(name) for name in reference.also]
        listed = ", ".join([*also, "value"])
        values = " union all ".join(
            f"(select distinct '{table}.{column}' as place,"
            f" {', '.join([*also, f'{quote(column)} as value'])} from {quote(table)}"
            f" where {quote(column)} is not null)"
            for table, column in places
        )
        key = ", ".join([*also, quote(reference.column)])
        lost = published.connection.execute(
            f"select place, count(*) from ({values}) where ({listed}) not in"
            f" (select ({key}) from {quote(reference.table)}) group by place order by place"
        ).fetchall()
        assert lost == [], reference


def test_each_table_with_an_account_a_csm_or_a_product_refers_to_it(published):
    found = references(published.columns)
    keys = {"account_id": "dim_account", "csm_id": "dim_csm", "product_id": "dim_product"}
    lacking = [
        (table, column)
        for table, column in published.columns
        if column in keys and table != keys[column] and (table, column) not in found
    ]
    assert lacking == []


def test_each_rule_pattern_and_exception_is_of_a_published_column(published):
    columns = set(published.columns)
    for rule in reference_rules():
        assert tuple(rule.to.split(".")) in columns
        for pattern in rule.columns:
            assert any(fnmatchcase(name, pattern) for _, name in columns), pattern
        for table, reason in rule.exceptions.items():
            named = [name for there, name in columns if there == table]
            assert any(fnmatchcase(name, each) for name in named for each in rule.columns), table
            assert reason


def test_a_join_by_a_reference_gives_no_row_twice(published):
    for reference in set(references(published.columns).values()):
        key = ", ".join(map(quote, (*reference.also, reference.column)))
        repeated = published.connection.execute(
            f"select {key} from {quote(reference.table)} group by all having count(*) > 1"
        ).fetchall()
        assert repeated == [], reference


def test_references_follow_from_names_and_from_what_is_beside_them():
    columns = [
        ("dim_account", "account_id"),
        ("dim_account", "parent_account_id"),
        ("dim_plan", "source_system"),
        ("dim_plan", "plan_id"),
        ("fct_line", "source_system"),
        ("fct_line", "account_id"),
        ("fct_line", "plan_id"),
        ("fct_use", "plan_id"),
        ("fct_invoice_line", "plan_id"),
        # No dim_csm is published here.
        ("fct_use", "csm_id"),
        ("fct_use", "account_name"),
    ]
    account = Reference("dim_account", "account_id")
    assert references(columns) == {
        ("dim_account", "parent_account_id"): account,
        ("fct_line", "account_id"): account,
        ("fct_line", "plan_id"): Reference("dim_plan", "plan_id", ("source_system",)),
        ("fct_use", "plan_id"): Reference("dim_plan", "plan_id"),
    }


def test_the_dictionary_tells_the_references():
    names = {"dim_plan": ("source_system", "plan_id"), "fct_line": ("source_system", "plan_id")}
    nodes = {
        name: {
            "resource_type": "model",
            "alias": name,
            "raw_code": "-- Grain: one row per x.",
            "description": "x",
        }
        for name in names
    }
    columns = [
        PublishedColumn(table, name, position, "VARCHAR", "x")
        for table, each in names.items()
        for position, name in enumerate(each, start=1)
    ]
    table = data_dictionary({"nodes": nodes}, columns, [], "USD")
    told = [dict(zip([c.name for c in table.columns], row, strict=True)) for row in table.rows]
    assert {
        (row["table_name"], row["column_name"]): (row["reference"], row["reference_with"])
        for row in told
        if row["reference"]
    } == {("fct_line", "plan_id"): ("dim_plan.plan_id", "source_system")}
