"""MetricFlow says of each metric what its mart says, and never adds up what is no sum."""

import json
import subprocess
import sys

import duckdb
import pandas as pd
import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from orchestration import semantic
from orchestration.home import Home, HomeError
from orchestration.metricflow import STATE, ossie_document, semantic_manifest, write_project
from orchestration.metrics import SEGMENT_TYPES, read_metrics
from orchestration.publish import SCHEMA, read_publication

pytestmark = pytest.mark.long

IN_A_MART = [name for name in semantic.metrics() if "column" in semantic.meta(name)]


class RenderedOnly:
    """MetricFlow writes the SQL; the test runs it, so that no decimal is rounded on the way."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


class Asked:
    def __init__(self, manifest, connection):
        parsed = parse_manifest_from_dbt_generated_manifest(json.dumps(manifest))
        lookup = SemanticManifestLookup(parsed)
        self.engine = MetricFlowEngine(semantic_manifest_lookup=lookup, sql_client=RenderedOnly())
        self.connection = connection

    def dimensions(self, name):
        found = self.engine.simple_dimensions_for_metrics([name])
        return {dimension.granularity_free_dunder_name for dimension in found}

    def rows(self, name, *by):
        """What a metric is, by the values that it is asked by."""
        request = MetricFlowQueryRequest.create(metric_names=[name], group_by_names=list(by))
        sql = self.engine.explain(request).sql_statement.sql
        return {tuple(keys): value for *keys, value in self.connection.execute(sql).fetchall()}


@pytest.fixture(scope="module")
def published(demo_home):
    with duckdb.connect(demo_home.published / "marts.duckdb", read_only=True) as connection:
        connection.execute(f"use {SCHEMA}")
        yield connection


@pytest.fixture(scope="module")
def asked(demo_home, published):
    return Asked(semantic_manifest(demo_home), published)


def columns_of(published, table):
    """The columns of a table and their types."""
    found = published.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ?", [table]
    )
    return dict(found.fetchall())


def ways(asked, published, name):
    """By what both MetricFlow and the mart know a metric: MetricFlow's names, and SQL of the mart.

    The last of the three is the condition for the mart's rows.
    """
    said = semantic.meta(name)
    columns = columns_of(published, said["table"])
    own = {each for each in asked.dimensions(name) if each.count("__") == 1}
    if typed := sorted(
        each for each in own if each.rsplit("__")[-1] in ("segment_type", "segment_value")
    ):
        yield typed, ["segment_type", "segment_value"], "true"
        return
    is_typed = "segment_type" in columns
    if is_typed or not (said.get("each") or "feature" in columns):
        yield [], [], "segment_type = 'total'" if is_typed else "true"
    for dimension in sorted(own):
        column = dimension.rsplit("__")[-1]
        kind = "csm" if column == "csm_id" else column
        if is_typed and kind in SEGMENT_TYPES:
            kinds = published.execute(f"select distinct segment_type from {said['table']}")
            if (kind,) in kinds.fetchall():
                yield [dimension], ["segment_value"], f"segment_type = '{kind}'"
        elif not is_typed and column in columns and column in ("feature", "csm_id"):
            yield [dimension], [column], "true"


@pytest.mark.parametrize("name", IN_A_MART)
def test_a_metric_is_what_its_mart_says_by_each_dimension_that_both_have(asked, published, name):
    said = semantic.meta(name)
    month = said.get("month", "month")
    grain = "metric_time__day" if month == "as_of_date" else "metric_time__month"
    is_amount = columns_of(published, said["table"])[said["column"]] != "DOUBLE"
    compared = 0
    for dimensions, columns, condition in ways(asked, published, name):
        wanted = " and ".join(
            [condition, *(f"{key} = '{value}'" for key, value in said.get("where", {}).items())]
        )
        keys = ", ".join([month, *columns])
        rows = published.execute(
            f"select {keys}, {said['column']} from {said['table']} where {wanted}"
        ).fetchall()
        mart = {(str(day), *key): value for day, *key, value in rows}
        own = {
            (str(day)[:10], *("unassigned" if part is None else part for part in key)): value
            for (day, *key), value in asked.rows(name, grain, *dimensions).items()
        }
        for key in mart.keys() | own.keys():
            one, other = mart.get(key), own.get(key)
            # Without rows an amount is 0, and a rate is not known.
            if is_amount:
                one, other = one or 0, other or 0
            if one is None or other is None:
                assert one is other, (dimensions, key, one, other)
            elif isinstance(one, float) or isinstance(other, float):
                assert float(other) == pytest.approx(float(one), abs=1e-9), (dimensions, key)
            else:
                assert other == one, (dimensions, key)
        compared += sum(value is not None for value in mart.values())
    assert compared


def test_each_metric_of_the_guide_is_one_of_metricflow_and_by_what_the_guide_says(asked):
    known = {metric.name for metric in asked.engine.list_metrics(include_dimensions=False)}
    assert known == semantic.metrics().keys()
    assert read_metrics().keys() < known
    # Of these the parts are rows of two facts, or of a mart: not cut by what their mart is cut by.
    elsewhere = {"carr", "involuntary_churn_arr"}
    for metric in read_metrics().values():
        names = {each.rsplit("__")[-1] for each in asked.dimensions(metric.name)}
        if metric.has_segments and metric.name not in elsewhere:
            cuts = {"csm_id" if kind == "csm" else kind for kind in SEGMENT_TYPES}
            assert cuts <= names or {"segment_type", "segment_value"} <= names, metric.name


def test_a_state_is_that_of_the_last_month_and_movements_are_added_up(asked, demo_home):
    """By another road: with pandas, from the Parquet file of the fact."""
    parquet = read_publication(demo_home.published).parquet
    file = demo_home.published / parquet / "fct_account_month.parquet"
    months = pd.read_parquet(file)
    months["year"] = pd.to_datetime(months["month"]).dt.year
    last = months[months["month"] == months.groupby("year")["month"].transform("max")]
    first = months[months["month"] == months.groupby("year")["month"].transform("min")]
    for name, expected in (
        ("arr", last.groupby("year")["closing_arr"].sum()),
        ("opening_arr", first.groupby("year")["opening_arr"].sum()),
        ("new_arr", months.groupby("year")["new_arr"].sum()),
        (
            "customers",
            last[last["account_id"] != "unassigned"]
            .query("closing_arr > 0")
            .groupby("year")
            .size(),
        ),
    ):
        found = {day.year: value for (day,), value in asked.rows(name, "metric_time__year").items()}
        assert found == expected.to_dict(), name


def test_the_cohorts_of_a_year_count_together_as_in_the_trailing_rate(asked, published):
    by_year = asked.rows("nrr", "metric_time__year")
    rows = published.execute(
        "select year(month), nrr_trailing_12m from mart_retention_monthly"
        " where segment_type = 'total' and month(month) = 12 and nrr_trailing_12m is not null"
    ).fetchall()
    assert rows
    for year, rate in rows:
        (found,) = (value for (day,), value in by_year.items() if day.year == year)
        assert found == pytest.approx(rate, abs=1e-12)


def test_what_is_read_from_one_row_of_a_mart_is_not_known_of_several(asked):
    for name in ("nrr_trailing_12m", "expansion_of_book_12m", "time_to_value"):
        assert set(asked.rows(name, "metric_time__year").values()) == {None}, name
    assert set(asked.rows("active_users", "metric_time__year").values()) == {None}


def test_arr_by_account_is_the_accounts_own(asked, published):
    found = asked.rows("arr", "metric_time__month", "account__account_name")
    rows = published.execute(
        "select month, account_name, sum(closing_arr) from fct_account_month"
        " left join dim_account using (account_id) group by all having sum(closing_arr) <> 0"
    ).fetchall()
    expected = {(str(month), name): amount for month, name, amount in rows}
    assert {
        (str(day)[:10], name): amount for (day, name), amount in found.items() if amount
    } == expected


def test_the_command_asks_what_is_published(demo_home, published, tmp_path):
    answer = tmp_path / "answer.csv"
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "orchestration.start",
                "mf",
                "--home",
                str(demo_home.path),
                "--",
            ),
            *(
                "query",
                "--metrics",
                "arr",
                "--group-by",
                "metric_time__month",
                "--csv",
                str(answer),
            ),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = pd.read_csv(answer, parse_dates=["metric_time__month"])
    rows = published.execute(
        "select month, closing_arr from mart_arr_bridge_monthly where segment_type = 'total'"
    ).fetchall()
    assert dict(zip(found["metric_time__month"].dt.date, found["arr"], strict=True)) == (
        pytest.approx({month: float(amount) for month, amount in rows})
    )


def test_the_document_for_other_tools_has_each_metric_and_says_what_is_no_sum(demo_home):
    document, lost = ossie_document(demo_home)
    assert not lost
    (model,) = document["semantic_model"]
    told = {metric["name"]: metric["description"] for metric in model["metrics"]}
    assert told.keys() == semantic.metrics().keys()
    assert all(told.values())
    assert STATE in told["arr"] and STATE in told["multi_product_share"]
    assert STATE not in told["new_arr"] and STATE not in told["nrr"]
    assert {dataset["source"].split(".")[0] for dataset in model["datasets"]} == {SCHEMA}


def test_without_a_publication_it_says_so(tmp_path):
    with pytest.raises(HomeError, match="Nothing is published"):
        write_project(Home(tmp_path))
