"""`data_dictionary` and `metric_definitions`: who has the published file needs no repository."""

import re

import duckdb
import pytest

from orchestration.dictionary import described_models, null_meaning, unit_of
from orchestration.manifest import read_manifest
from orchestration.metrics import read_metrics
from orchestration.publish import read_publication
from orchestration.references import references

MODEL = "model.project.mart_nrr"
# Headings of docs/metrics.md that define no metric of their own.
NO_METRIC = {"groups-of-accounts"}
# What the guide defines as `term = …`.
DEFINED = re.compile(r"(?:^|[.;*(] ?)([A-Z][A-Za-z ]+?|logo retention) =\s", re.MULTILINE)


@pytest.fixture
def published(demo_home):
    publication = read_publication(demo_home.published)
    with duckdb.connect(demo_home.published / publication.database, read_only=True) as connection:
        connection.execute("use marts")
        yield connection


@pytest.fixture
def guide(project_root):
    return (project_root / "docs/metrics.md").read_text(encoding="utf-8")


def test_dictionary_has_each_published_column_once_and_itself(published):
    told = published.execute(
        "select table_name, column_name, position, data_type from data_dictionary order by all"
    ).fetchall()
    there = published.execute(
        "select table_name, column_name, column_index, data_type from duckdb_columns()"
        " where schema_name = 'marts' order by all"
    ).fetchall()
    assert told == there
    tables = {row[0] for row in told}
    assert {"data_dictionary", "metric_definitions"} <= tables


def test_reference_tables_are_published_as_the_others_are(demo_home, published):
    publication = read_publication(demo_home.published)
    for name in ("data_dictionary", "metric_definitions"):
        (rows,) = published.execute(f"select count(*) from {name}").fetchone()
        assert publication.marts[name].rows == rows
        file = demo_home.published / publication.parquet / f"{name}.parquet"
        assert published.execute(f"select count(*) from '{file}'").fetchone() == (rows,)


def test_each_column_is_described_and_each_table_has_grain_key_and_owner(published):
    assert not published.execute(
        "select table_name, column_name from data_dictionary"
        " where coalesce(description, '') = '' or coalesce(table_description, '') = ''"
        " or coalesce(table_grain, '') = '' or coalesce(owner, '') = ''"
    ).fetchall()
    assert not published.execute(
        "select table_name from data_dictionary group by 1 having not bool_or(is_key)"
    ).fetchall()


def test_each_number_and_day_has_a_unit(published):
    assert not published.execute(
        "select table_name, column_name, data_type from data_dictionary"
        " where unit is null and data_type <> 'VARCHAR'"
    ).fetchall()


def test_each_column_has_what_is_told_of_it_as_its_comment(published):
    """Who opens the file in a tool sees comments, not the dictionary."""
    assert not published.execute(
        "select there.table_name, there.column_name from duckdb_columns() as there"
        " left join data_dictionary as told using (table_name, column_name)"
        " where there.schema_name = 'marts'"
        " and (coalesce(there.comment, '') = '' or there.comment is distinct from told.description)"
    ).fetchall()


def test_the_dictionary_tells_what_each_column_refers_to(published):
    columns = published.execute("select table_name, column_name from data_dictionary").fetchall()
    told = published.execute(
        "select table_name, column_name, reference, reference_with from data_dictionary"
        " where reference is not null or reference_with is not null"
    ).fetchall()
    assert {(table, column): tuple(rest) for table, column, *rest in told} == {
        place: (f"{other.table}.{other.column}", ", ".join(other.also) or None)
        for place, other in references(columns).items()
    }


def test_a_further_rule_of_a_table_does_not_change_its_key(published):
    """Of risk signals only one is open at a time: that is no part of what tells them apart."""
    key = published.execute(
        "select column_name from data_dictionary where table_name = 'fct_risk_signal_spell'"
        " and is_key order by position"
    ).fetchall()
    assert key == [("account_id",), ("signal",), ("opened_on",)]
    for table, column in published.execute(
        "select table_name, column_name from data_dictionary where is_key"
    ).fetchall():
        found = published.execute(f'select count(*) from {table} where "{column}" is null')
        assert found.fetchone() == (0,), (table, column)


def test_null_is_told_as_the_description_tells_it_and_never_of_what_a_test_holds(published):
    said = dict(
        published.execute(
            "select column_name, null_meaning from data_dictionary"
            " where table_name = 'mart_retention_monthly'"
        ).fetchall()
    )
    assert said["nrr"] == "Null when the opening is 0."
    assert said["month"] == "Never null."
    for table, column in published.execute(
        "select table_name, column_name from data_dictionary where null_meaning = 'Never null.'"
    ).fetchall():
        found = published.execute(f'select count(*) from {table} where "{column}" is null')
        assert found.fetchone() == (0,), (table, column)


def test_units_follow_from_type_and_name():
    assert unit_of("mart_x", "closing_arr", "DECIMAL(18,2)") == "money"
    assert unit_of("mart_x", "first_response_minutes", "DECIMAL(18,2)") == "minutes"
    assert unit_of("mart_x", "nrr", "DOUBLE") == "fraction"
    assert unit_of("mart_survival", "ci_low", "DOUBLE") == "fraction"
    assert unit_of("mart_x", "month", "DATE") == "month, its first day"
    assert unit_of("mart_x", "text", "VARCHAR") == ""
    assert unit_of("mart_x", "what_nobody_named", "DOUBLE") is None
    assert null_meaning("a / b. Null when b is 0. See c.") == "Null when b is 0."
    assert null_meaning("a / b.") is None


def test_a_test_with_a_condition_says_nothing_of_the_other_rows():
    def test_of(name, where, **arguments):
        return {
            "resource_type": "test",
            "test_metadata": {"name": name, "kwargs": arguments},
            "attached_node": MODEL,
            "config": {"where": where},
        }

    model = {
        "resource_type": "model",
        "alias": "mart_nrr",
        "raw_code": "-- Grain: one row per month.\nselect 1",
        "description": "NRR.",
        "group": "finance",
    }
    nodes = {
        MODEL: model,
        "t1": test_of("unique_grain", None, columns=["month"], not_null=["nrr"]),
        "t2": test_of("not_null", "month > '2025-01-01'", column_name="grr"),
        "t5": test_of("unique_grain", None, columns=["nrr", "until"], optional=["until"]),
    }
    found = described_models({"nodes": nodes})["mart_nrr"]
    assert found.grain == "one row per month."
    assert found.key == {"month"}
    assert found.never_null == {"month", "nrr"}


def test_each_metric_is_defined_and_its_columns_are_published(published):
    columns = set(
        published.execute("select table_name, column_name from data_dictionary").fetchall()
    )
    rows = published.execute("from metric_definitions").fetchall()
    names = [column[0] for column in published.description]
    defined = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    assert defined.keys() == read_metrics().keys()
    for metric in read_metrics().values():
        assert {(metric.table, column) for column in metric.columns} <= columns, metric.name
        told = defined[metric.name]
        assert told["definition"] and told["unit"] and told["table_grain"], metric.name
        assert metric.column or metric.counted, metric.name
        condition = told["row_filter"] or "true"
        value = metric.column or metric.counted
        filled = f"select count(*) from (select {value} as v from {metric.table} where {condition})"
        assert published.execute(f"{filled} where v is not null").fetchone() != (0,), metric.name


def test_a_rate_is_its_numerator_by_its_denominator(published):
    compared = 0
    for metric in read_metrics().values():
        if not (metric.column and metric.numerator and metric.denominator):
            continue
        where = " and ".join(f"{key} = '{value}'" for key, value in metric.where.items())
        wrong = published.execute(
            f"select count(*) from {metric.table} where {where or 'true'}"
            f" and {metric.column} is not null and abs({metric.column}"
            f" - cast({metric.numerator} as double) / {metric.denominator}) > 1e-9"
        ).fetchone()
        assert wrong == (0,), metric.name
        compared += 1
    assert compared >= 10


def test_each_section_of_the_guide_and_each_term_it_defines_is_a_metric(guide):
    headings = [
        re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", guide, re.MULTILINE)
    ]
    sections = list(dict.fromkeys(metric.section for metric in read_metrics().values()))
    assert sections == [heading for heading in headings if heading not in NO_METRIC]
    titles = {metric.title.casefold() for metric in read_metrics().values()}
    terms = {term.casefold() for term in DEFINED.findall(guide)}
    assert {"nrr", "grr", "logo churn", "renewal rate", "nps", "csat", "ces"} <= terms
    assert terms <= titles
    assert {"arr", "carr", "customers"} <= titles


def test_what_a_metric_can_be_cut_by_is_what_its_table_has(published):
    for metric in read_metrics().values():
        if metric.has_segments and metric.table.startswith("mart_"):
            found = published.execute(f"select distinct segment_type from {metric.table}")
            kinds = {kind for (kind,) in found.fetchall()}
            assert kinds <= {*metric.dimensions, "total"}, metric.name


def test_lineage_names_published_tables_of_the_manifest(demo_home, published):
    told = published.execute("select table_name from data_dictionary").fetchall()
    tables = {table for (table,) in told}
    lineage = dict(published.execute("select metric, lineage from metric_definitions").fetchall())
    assert lineage["nrr"].startswith("fct_account_retention_month")
    for above in lineage.values():
        assert set((above or "").split(", ")) - {""} <= tables
    models = described_models(read_manifest(demo_home))
    assert models["mart_retention_monthly"].owner == "finance"
