"""What lies ahead in a contract of files is priced, kept and ended as what runs is."""

from pathlib import Path

import pytest

from tests.python.cases.companies import FilesCompany
from tests.python.cases.company import Built, build

TARGETS = (
    "fct_account_month",
    "fct_contracted_arr_month",
    "int_arr_steps_signed",
    "int_billing_terms",
    "int_tie_out_lines_ahead",
    "int_tie_out_terms",
)
TERM = {"current_term_start": "2025-01-01", "current_term_end": "2026-01-01"}
STEP = {"start": "2025-01-01", **TERM}
# Account: the columns of both versions, and those of the second alone.
WORDS = {
    "month": ({"billing_interval": "month"}, {}),
    "monthly": ({"billing_interval": "monthly"}, {}),
    "annual": ({"billing_interval": "annual"}, {}),
    "half_years": ({"billing_interval": "semi-annual"}, {}),
    "mixed": ({"billing_interval": "monthly"}, {"billing_interval": "month"}),
    "coupon": ({}, {"discount_percent": 50, "discount_duration": "one-time"}),
}
STEPS = {
    "month": 600,
    "monthly": 600,
    "annual": 50,
    "half_years": 100,
    "mixed": 600,
    "coupon": 600,
}


def ramp(made: FilesCompany, account: str, *, first: dict, second: dict, **more: object) -> None:
    """A contract that costs 100 and, from the middle of July on, 150."""
    made.contract(account, **{**STEP, **first, **more})
    made.item(account, 150, valid_from="2025-07-15", **{**first, **second})


def company() -> FilesCompany:
    made = FilesCompany(
        fx_rates=[{"currency": "EUR", "valid_from": "2024-01-01", "rate_to_reporting": 2}]
    )
    for account, (both, second) in WORDS.items():
        ramp(made, account, first=both, second=second)
    for account in ("taken_back", "vanishes", "over", "moves"):
        ramp(made, account, first={}, second={})
    ramp(made, "euro_plan", first={"plan_id": "euro"}, second={})
    made.account("new_home")
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Two deliveries: a version, and a subscription, go; one ends without a day; one moves."""
    folder = tmp_path_factory.mktemp("ahead")
    first = company().write(folder / "first")
    plans = "plan_id,product_id,plan_name,billing_interval,currency\neuro,p,Euro,month,EUR\n"
    (first / "plans.csv").write_text(plans, encoding="utf-8")
    build(folder / "home", {"files": first}, targets=("int_files_terms",)).connection.close()
    made = company()
    made.subscriptions = [
        {
            **row,
            "status": "ended" if row["subscription_id"] == "s_over" else row["status"],
            "account_id": "new_home" if row["account_id"] == "moves" else row["account_id"],
        }
        for row in made.subscriptions
        if row["subscription_id"] != "s_vanishes"
    ]
    made.subscription_items = [
        row
        for row in made.subscription_items
        if row["subscription_item_id"] != "i_vanishes"
        and (row["subscription_item_id"], row["valid_from"]) != ("i_taken_back", "2025-07-15")
    ]
    second = made.write(folder / "second")
    (second / "plans.csv").write_text(plans, encoding="utf-8")
    built = build(folder / "home", {"files": second}, targets=TARGETS, deliveries=2)
    return built


def steps(built: Built, account: str) -> list[tuple[str, float]]:
    return built.rows(
        "select account_id, cast(arr as double) from intermediate.int_arr_steps_signed"
        " where subscription_id = ? order by all",
        f"s_{account}",
    )


def ahead(built: Built, account: str) -> list[tuple[str, str, float]]:
    return built.rows(
        "select contract_account_id, currency, cast(arr_local as double)"
        " from intermediate.int_tie_out_lines_ahead where subscription_id = ? order by all",
        f"s_{account}",
    )


@pytest.mark.parametrize("account", [*WORDS])
def test_words_of_a_step_mean_what_they_mean_in_arr(built: Built, account: str) -> None:
    assert steps(built, account) == [(account, STEPS[account])]
    worth = {"annual": 150, "half_years": 300}.get(account, 1800)
    assert ahead(built, account) == [(account, "USD", worth)]


@pytest.mark.parametrize("account", ["taken_back", "vanishes", "over"])
def test_what_is_gone_or_over_has_no_steps(built: Built, account: str) -> None:
    assert steps(built, account) == []
    assert ahead(built, account) == []


def test_what_was_taken_back_was_not_signed(built: Built) -> None:
    assert built.rows(
        "select subscription_id, cast(signed_until as varchar)"
        " from intermediate.int_billing_terms where subscription_id in ('s_taken_back', 's_month')"
        " order by 1"
    ) == [("s_month", "2025-07-16"), ("s_taken_back", "2025-01-02")]


def test_a_step_is_in_the_currency_of_its_plan(built: Built) -> None:
    assert steps(built, "euro_plan") == [("euro_plan", 1200)]
    assert ahead(built, "euro_plan") == [("euro_plan", "EUR", 1800)]


def test_a_step_of_a_subscription_that_moved_is_of_one_account(built: Built) -> None:
    assert steps(built, "moves") == [("new_home", 600)]
    assert ahead(built, "moves") == [("new_home", "USD", 1800)]


def test_the_company_is_sound(built: Built) -> None:
    assert built.failing_tests() == []


def test_a_version_that_holds_on_no_day_ends_no_other(tmp_path: Path) -> None:
    made = FilesCompany()
    made.contract("undone")
    made.item("undone", 900, valid_from="2025-03-01", valid_to="2025-03-01")
    built = build(
        tmp_path / "home", {"files": made.write(tmp_path / "in")}, targets=("fct_account_month",)
    )
    assert built.movements("undone") == [("2025-01-01", "new", 1200)]
