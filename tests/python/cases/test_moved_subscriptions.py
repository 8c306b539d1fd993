"""A subscription that moves to another account takes its bills with it, from its day on."""

from pathlib import Path

import pytest

from tests.python.cases.companies import FilesCompany
from tests.python.cases.company import TARGETS, Built, build, run_models

WANTED = (*TARGETS, "fct_invoice_line", "fct_revenue_month", "stg_files__user_accounts")
# Subscription: who holds it before and after, billed by the month or once a year. Both orders of
# names, because no order of names may decide.
MOVES = {
    "by_month": ("b_giver", "a_taker"),
    "by_month_too": ("c_giver", "d_taker"),
    "by_year": ("f_giver", "e_taker"),
    "by_year_too": ("g_giver", "h_taker"),
}
MOVED_ON = "2025-04-10"


def company(*, moved: bool) -> FilesCompany:
    made = FilesCompany()
    for name, (giver, taker) in MOVES.items():
        made.account(giver)
        made.account(taker)
        made.contract(
            giver,
            1200 if "year" in name else 100,
            billing_interval="year" if "year" in name else "month",
        )
        if "year" in name:
            made.bill(giver, 1200, "2025-01-01", "2026-01-01")
        else:
            made.bill_monthly(giver)
        if moved:
            made.subscriptions[-1]["account_id"] = taker
    return made


def users(account: str) -> str:
    return f"user_id,account_id\nu,{account}\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The delivery of 10 April moves all of them; it is loaded on the same day as the first one."""
    folder = tmp_path_factory.mktemp("moved")
    for number, moved in enumerate((False, True), start=1):
        files = company(moved=moved).write(folder / f"in_{number}")
        (files / "users.csv").write_text(users("d" if moved else "c"), encoding="utf-8")
        built = build(folder / "home", {"files": files}, targets=(), deliveries=number)
        built.connection.execute(
            "update raw_files.deliveries set as_of_date = cast(? as date) where run_id like ?",
            [MOVED_ON if moved else "2025-01-31", f"%case{number}"],
        )
        if not moved:
            built.connection.close()
    run_models(built, WANTED)
    return built


def tie_out(built: Built, account: str) -> list[tuple[str, float, float]]:
    return built.rows(
        "select cast(month as varchar)[6:7], cast(expected_revenue as double),"
        " cast(billed_revenue as double) from marts.mart_arr_tie_out"
        " where account_id = ? order by month",
        account,
    )


@pytest.mark.parametrize("name", [*MOVES])
def test_the_transfer_is_on_the_day_of_the_delivery_that_tells_it(built: Built, name: str) -> None:
    giver, taker = MOVES[name]
    assert [built.arr(giver, f"2025-{month:02d}-01") for month in (3, 4, 6)] == [1200, 0, 0]
    assert [built.arr(taker, f"2025-{month:02d}-01") for month in (3, 4, 6)] == [None, 1200, 1200]


@pytest.mark.parametrize("name", ["by_month", "by_month_too"])
def test_monthly_bills_are_the_holders_of_their_days(built: Built, name: str) -> None:
    giver, taker = MOVES[name]
    assert tie_out(built, giver) == [
        ("01", 101.92, 100),
        ("02", 92.05, 100),
        ("03", 101.92, 100),
        # Nine days of April.
        ("04", 29.59, 30),
    ]
    assert tie_out(built, taker) == [("04", 69.04, 70), ("05", 101.92, 100), ("06", 98.63, 100)]


@pytest.mark.parametrize("name", ["by_year", "by_year_too"])
def test_a_yearly_bill_is_divided_on_the_day_of_the_move(built: Built, name: str) -> None:
    giver, taker = MOVES[name]
    for account, months in ((giver, ["01", "02", "03", "04"]), (taker, ["04", "05", "06"])):
        found = tie_out(built, account)
        assert [row[0] for row in found] == months
        assert all(abs(expected - billed) <= 0.01 for _, expected, billed in found)
    # Deferred revenue is the new holder's.
    assert built.rows(
        "select account_id, cast(sum(earned) as double) from intermediate.int_finance_earnings"
        " where is_deferred and account_id in (?, ?) group by account_id",
        giver,
        taker,
    ) == [(taker, 604.93)]


def test_nothing_is_to_be_chased(built: Built) -> None:
    assert built.rows("from marts.mart_arr_tie_out where is_exception") == []


@pytest.mark.parametrize("name", [*MOVES])
def test_an_invoice_line_is_of_the_account_that_held_it_first(built: Built, name: str) -> None:
    giver, taker = MOVES[name]
    found = built.rows(
        "select account_id, count(*) from facts.fct_invoice_line"
        " where subscription_id = ? group by 1 order by 1",
        f"s_{giver}",
    )
    assert found == ([(giver, 1)] if "year" in name else sorted([(giver, 4), (taker, 2)]))


def test_a_user_moves_on_the_day_of_the_delivery_that_tells_it(built: Built) -> None:
    assert built.rows(
        "select account_key, cast(valid_from as varchar)[:10]"
        " from staging.stg_files__user_accounts order by valid_from"
    ) == [("c", "1900-01-01"), ("d", MOVED_ON)]


def test_the_company_is_sound(built: Built) -> None:
    assert built.failing_tests() == []


def test_what_is_told_after_the_as_of_date_is_not_known(tmp_path: Path) -> None:
    for number, moved in enumerate((False, True), start=1):
        built = build(
            tmp_path / "home",
            {"files": company(moved=moved).write(tmp_path / f"in_{number}")},
            targets=(),
            deliveries=number,
        )
        if not moved:
            built.connection.close()
    built.connection.execute(
        "update raw_files.deliveries set as_of_date = date '2025-09-01' where run_id like '%case2'"
    )
    run_models(built, ("fct_account_month",))
    assert built.arr("b_giver") == 1200
    assert built.arr("a_taker") is None
