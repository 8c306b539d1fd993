"""Rules for the dbt tests themselves: grain, asset checks, a reason in line 1."""

from dataclasses import replace

from .judging import assert_none, breaches, model, objects
from .project import DataTest, Project
from .rules import grain_untested, not_an_asset_check, unexplained

LEDGER = model("intermediate/arr/int_arr_line_intervals.sql")
FACT = model("facts/fct_account_month.sql")
GRAIN = DataTest("test.grain", "grain", generic="unique_grain", attached_to=FACT.unique_id)
TIE = DataTest(
    "test.tie",
    "assert_ledger_ties_to_account_months",
    path="tests/reconciliation/assert_ledger_ties_to_account_months.sql",
    code="-- The ledger at a month's end is the fact's closing.\nselect 1",
    reads=frozenset({LEDGER.unique_id, FACT.unique_id}),
    meta={"dagster": {"ref": {"name": "fct_account_month"}}},
)


def test_grain_of_each_model_is_tested(project: Project) -> None:
    assert_none(breaches(grain_untested, project.models, project))


def test_grain_test_rule_objects() -> None:
    assert objects(grain_untested, FACT, Project.of(FACT))
    assert objects(grain_untested, LEDGER, Project.of(LEDGER, FACT, tests=[GRAIN]))
    not_null = replace(GRAIN, generic="not_null")
    assert objects(grain_untested, FACT, Project.of(FACT, tests=[not_null]))
    warning = replace(GRAIN, severity="warn")
    assert objects(grain_untested, FACT, Project.of(FACT, tests=[warning]))
    filtered = replace(GRAIN, where="month > '2025-01-01'")
    assert objects(grain_untested, FACT, Project.of(FACT, tests=[filtered]))
    assert not objects(grain_untested, FACT, Project.of(FACT, tests=[GRAIN]))


def test_only_an_inner_model_may_say_why_its_grain_is_not_tested() -> None:
    reason = {"grain_untested": "Raw deliveries have no key."}
    assert not objects(grain_untested, replace(LEDGER, meta=reason), Project.of(LEDGER))
    assert objects(grain_untested, replace(FACT, meta=reason), Project.of(FACT))
    without = replace(LEDGER, meta={"grain_untested": "no"})
    assert objects(grain_untested, without, Project.of(LEDGER))


def test_each_test_is_an_asset_check_of_one_table(project: Project) -> None:
    assert_none(breaches(not_an_asset_check, project.tests, project))


def test_asset_check_rule_objects() -> None:
    project = Project.of(LEDGER, FACT)
    assert not objects(not_an_asset_check, TIE, project)
    assert objects(not_an_asset_check, replace(TIE, meta={}), project)
    misspelt = {"dagster": {"ref": {"name": "fct_account_months"}}}
    assert objects(not_an_asset_check, replace(TIE, meta=misspelt), project)
    assert objects(not_an_asset_check, replace(TIE, meta={}, reads=frozenset()), project)
    one = replace(TIE, meta={}, reads=frozenset({FACT.unique_id}))
    assert not objects(not_an_asset_check, one, project)
    assert not objects(not_an_asset_check, replace(GRAIN, reads=TIE.reads), project)


def test_tests_of_their_own_say_what_must_hold(project: Project) -> None:
    assert_none(breaches(unexplained, project.tests))


def test_explanation_rule_objects() -> None:
    assert objects(unexplained, replace(TIE, code="select 1"))
    assert not objects(unexplained, TIE)
    assert not objects(unexplained, replace(GRAIN, code="{{ test_unique_grain() }}"))
