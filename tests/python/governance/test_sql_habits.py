"""Habits of SQL that sqlfluff has no rule for (CONTRIBUTING.md, Style)."""

import pytest

from .judging import assert_none, breaches, model, objects
from .project import Code, DataTest, Project
from .rules import (
    MOST_LINES,
    implicit_grouping,
    only_on_duckdb,
    own_clock,
    star_from_another_model,
    too_long,
)

PATH = "intermediate/billing/int_billing_invoices.sql"


def test_models_are_not_longer_than_a_screen_or_two(project: Project) -> None:
    assert_none(breaches(too_long, project.models))


def test_length_rule_objects() -> None:
    assert objects(too_long, model(PATH, "select 1\n" * MOST_LINES))
    assert not objects(too_long, model(PATH, "select 1\n" * (MOST_LINES - 1)))


def test_nothing_has_a_clock_of_its_own(project: Project) -> None:
    assert_none(breaches(own_clock, [*project.models, *project.tests, *project.other_code]))


@pytest.mark.parametrize(
    "code",
    [
        "select current_date as today",
        "select CURRENT_TIMESTAMP as at",
        "select now() as at",
        "select today() as on_day",
        "select {{ dbt.current_timestamp() }} as at",
        "select '{{ run_started_at }}' as at",
        "select '{{ modules.datetime.datetime.utcnow() }}' as at",
    ],
)
def test_clock_rule_objects(code: str) -> None:
    assert objects(own_clock, model(PATH, code))
    assert objects(own_clock, DataTest("test.a", "a", "tests/a.sql", code))
    assert objects(own_clock, Code("a", "macros/a.sql", code))


@pytest.mark.parametrize(
    "code",
    [
        "select {{ as_of_date() }} as as_of_date",
        "select a.current_period_end, a.known_at from a",
        "select 1 -- not now() and not current_date",
        "{# no current_date here #} select 1",
    ],
)
def test_clock_rule_accepts(code: str) -> None:
    assert not objects(own_clock, model(PATH, code))


def test_imports_name_their_columns(project: Project) -> None:
    assert_none(breaches(star_from_another_model, project.models))


@pytest.mark.parametrize(
    "code",
    [
        "with a as (select * from {{ ref('int_a') }}) select id from a",
        "select distinct * from {{ ref('int_a') }}",
        "select a.*, b.x from {{ ref('int_a') }} as a inner join b on a.id = b.id",
        "select b.x, a.* from b inner join {{ ref('int_a') }} as a on a.id = b.id",
        "select coalesce(x, 0) as x, * from {{- ref('int_a') }}",
    ],
)
def test_star_rule_objects(code: str) -> None:
    assert objects(star_from_another_model, model(PATH, code))


@pytest.mark.parametrize(
    "code",
    [
        "with final as (select id from {{ ref('int_a') }}) select * from final",
        "with a as (select id from {{ ref('int_a') }}), b as (select a.*, 1 as x from a) "
        "select * from b",
        "with raw as (select * from {{ source('raw_stripe', 'invoice') }}) select id from raw",
        "select count(*) as n, price * quantity as amount from {{ ref('int_a') }}",
        "select x -- select * from\nfrom {{ ref('int_a') }}",
    ],
)
def test_star_rule_accepts(code: str) -> None:
    assert not objects(star_from_another_model, model(PATH, code))


def test_grouping_is_explicit(project: Project) -> None:
    assert_none(breaches(implicit_grouping, project.models))


def test_grouping_rule_objects() -> None:
    assert objects(implicit_grouping, model(PATH, "select a, count(*) from b group by all"))
    assert objects(implicit_grouping, model(PATH, "select a from b order by  all"))
    assert not objects(implicit_grouping, model(PATH, "select a from b group by a"))


def test_sql_above_staging_runs_on_more_than_duckdb(project: Project) -> None:
    assert_none(breaches(only_on_duckdb, project.models))


@pytest.mark.parametrize(
    "code",
    [
        "select a::date as day from b",
        "select unnest(tags) as tag from b",
        "select arg_max(x, y) as x from b",
        "select json_extract_string(data, '$.a') as a from b",
        "select * exclude (a) from b",
        "select lag(x ignore nulls) over (order by y) as x from b",
        "select datediff('day', a, b) as days from c",
        "select strftime(a, '%Y') as year from b",
    ],
)
def test_portability_rule_objects(code: str) -> None:
    assert objects(only_on_duckdb, model(PATH, code))
    assert not objects(only_on_duckdb, model("staging/stripe/stg_stripe__a.sql", code))


@pytest.mark.parametrize(
    "code",
    [
        "select cast(a as date) as day from b",
        "select {{ dbt.datediff('a', 'b', 'day') }} as days from c",
        "select {{ json_elements('tags', '$') }} as tag from b",
        "select max_by(x, y) as x from b",
        "select a from b where c <> 'x::y'",
    ],
)
def test_portability_rule_accepts(code: str) -> None:
    assert not objects(only_on_duckdb, model(PATH, code))
