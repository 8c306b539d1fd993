"""Close, learn something late, refresh: the reported stays, the change is listed with why."""

from decimal import Decimal

import pytest

from orchestration.close import close_month
from orchestration.home import Home
from orchestration.ledger import Month
from orchestration.ledger_checks import problems
from tests.python.finance.company import Company

pytestmark = pytest.mark.long

AS_REPORTED = "from marts.mart_retention_as_reported order by all"
PUBLISHED = (
    "select month, segment_type, segment_value, opening_accounts, retained_accounts, opening_arr, "
    "retained_arr, retained_arr_capped, nrr, grr, logo_retention "
    "from marts.mart_retention_monthly where month = '2025-11-01' order by all"
)
REPORTED = (
    "select close_month, segment_type, segment_value, opening_accounts, retained_accounts, "
    "opening_arr, retained_arr, retained_arr_capped, nrr, grr, logo_retention "
    "from marts.mart_retention_as_reported order by all"
)
RESTATEMENTS = (
    "select account_id, as_reported_arr, restated_arr, difference, cause "
    "from marts.mart_restatements where close_month = '2025-11-01' order by account_id"
)
BRIDGE = (
    "select month::varchar, opening_arr, new_arr, churn_arr, prior_period_adjustment_arr, "
    "closing_arr, is_closed from marts.mart_arr_bridge_as_reported "
    "where segment_type = 'total' order by month"
)
TESTS = (
    "assert_as_reported_bridge_balances",
    "assert_restatements_explain_the_difference",
    "assert_tie_out_components_add_up",
    "assert_tie_out_takes_in_every_bill_and_day",
    "assert_billings_identity",
    "mart_restatements",
    "mart_retention_as_reported",
    "mart_arr_bridge_as_reported",
)


def contracts(home: Home) -> Company:
    company = Company(home)
    company.fx_rates = [
        {"currency": "EUR", "valid_from": "2023-01-01", "rate_to_reporting": "1.10"},
        {"currency": "EUR", "valid_from": "2025-12-15", "rate_to_reporting": "1.20"},
    ]
    company.sell("ending", "2024-01-01", 1200)
    company.sell("euro", "2024-05-01", 500, currency="EUR")
    company.sell("moved_from", "2024-02-01", 700)
    company.sell("moved_to", "2024-02-01", 40)
    company.sell("pausing", "2024-02-01", 60, interval="month")
    company.sell("repriced", "2024-03-01", 1000)
    company.sell("steady", "2024-01-01", 300)
    company.sell("rebated", "2024-01-01", 900)
    bill(company, "steady", 300, subscription_id="sub-steady-1", is_recurring="true")
    bill(company, "rebated", 900, is_recurring="true")
    bill(company, "euro", 550, subscription_id="sub-euro-1")
    return company


def bill(
    company: Company,
    account: str,
    amount: int,
    *,
    status: str = "paid",
    number: str = "",
    **more: object,
) -> None:
    """An invoice over 2025, in dollars."""
    company.invoices.append(
        {
            "invoice_id": f"in-{account}{number}",
            "account_id": account,
            "status": status,
            "issued_at": "2025-01-01",
            "currency": "USD",
            "total": amount,
        }
    )
    company.invoice_lines.append(
        {
            "invoice_line_id": f"line-{account}{number}",
            "invoice_id": f"in-{account}{number}",
            "amount": amount,
            "period_start": "2025-01-01",
            "period_end": "2026-01-01",
            **more,
        }
    )


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The figures before, after, and after the warehouse was lost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DBT_TARGET_PATH", raising=False)
        company = contracts(Home(tmp_path_factory.mktemp("close") / "home"))
        company.vars = {"fx_plan_date": "2025-01-01"}
        company.refresh("2025-11-30")
        published = company.rows(PUBLISHED)
        close = close_month(company.home, Month.parse("2025-11"), closed_by="Kim")

        company.sell("late", "2025-10-10", 2400)
        company.change(
            company.subscriptions,
            "subscription_id",
            "sub-ending-1",
            status="canceled",
            ended_at="2025-11-20",
        )
        company.change(
            company.subscriptions, "subscription_id", "sub-moved_from-1", account_id="moved_to"
        )
        company.change(
            company.subscriptions, "subscription_id", "sub-pausing-1", paused_from="2025-11-10"
        )
        company.change(company.items, "subscription_item_id", "item-repriced-1", unit_amount=1100)
        company.change(
            company.items,
            "subscription_item_id",
            "item-rebated-1",
            discount_percent=10,
            discount_duration="forever",
        )
        company.vars = {"fx_plan_date": "2025-12-31"}
        company.refresh("2025-12-31")
        after = {
            "reported": company.rows(REPORTED),
            "all": company.rows(AS_REPORTED),
            "restatements": company.rows(RESTATEMENTS),
            "bridge": company.rows(BRIDGE),
            "restated": company.rows(
                "select sum(closing_arr) from facts.fct_account_month where month = '2025-11-01'"
            ),
        }
        company.test(*TESTS)
        company.home.warehouse.unlink()
        company.refresh("2025-12-31")
        yield published, close, after, company


def test_as_reported_is_what_was_published(story):
    published, close, after, _ = story
    assert after["reported"] == published
    assert {row[-1] for row in after["all"]} == {close.content_hash}
    assert {row[-3] for row in after["all"]} == {"Kim"}


def test_each_restatement_is_listed_with_its_cause(story):
    money = Decimal
    assert story[2]["restatements"] == [
        ("ending", money("1200.00"), money("0.00"), money("-1200.00"), "backdated_cancellation"),
        ("euro", money("550.00"), money("600.00"), money("50.00"), "fx_plan_rate"),
        ("late", money("0.00"), money("2400.00"), money("2400.00"), "backdated_start"),
        ("pausing", money("720.00"), money("0.00"), money("-720.00"), "changed_status"),
        ("rebated", money("900.00"), money("810.00"), money("-90.00"), "changed_discount"),
        (
            "repriced",
            money("1000.00"),
            money("1100.00"),
            money("100.00"),
            "changed_price_or_quantity",
        ),
    ]


def test_the_open_month_opens_with_what_was_reported(story):
    """What became known of November is the prior period adjustment of December."""
    reported, adjustment = Decimal("5410.00"), Decimal("540.00")
    november, december = story[2]["bridge"]
    assert november == (
        "2025-11-01",
        reported,
        Decimal("0.00"),
        Decimal("0.00"),
        Decimal("0.00"),
        reported,
        True,
    )
    assert december == (
        "2025-12-01",
        reported,
        Decimal("0.00"),
        Decimal("0.00"),
        adjustment,
        reported + adjustment,
        False,
    )
    assert story[2]["restated"] == [(reported + adjustment,)]


def test_everything_survives_the_loss_of_the_warehouse(story):
    _, _, after, company = story
    assert company.rows(AS_REPORTED) == after["all"]
    # That a contract moved on a day is known from the deliveries, which are lost too: the account
    # of today then has all of its past.
    found = [row for row in company.rows(RESTATEMENTS) if not row[0].startswith("moved_")]
    assert found == after["restatements"]
    assert problems(company.home) == []


def test_bills_from_files_tie_out(story):
    """Billed as sold, without a contract's id, in another currency, with an old price, never."""
    found = story[3].rows(
        "select account_id, reason, is_exception, expected_revenue, billed_revenue "
        "from marts.mart_arr_tie_out where month = '2025-11-01' order by account_id"
    )
    money = Decimal
    expected = {
        "euro": ("fx", False, money("49.32"), money("45.21")),
        "rebated": ("unexplained", True, money("66.58"), money("73.97")),
        "repriced": ("unexplained", True, money("90.41"), money("0.00")),
        "steady": ("none", False, money("24.66"), money("24.66")),
    }
    assert {row[0]: row[1:] for row in found if row[0] in expected} == expected


POLICIES = {
    "customer_grain": "ultimate_parent",
    "pause_policy": "keep",
    "delinquent_policy": "past_due_is_churn",
    "discount_policy": "gross",
    "arr_snapshot_point": "month_start",
    "fx_mode": "as_booked",
}


@pytest.fixture(scope="module")
def switched(tmp_path_factory):
    """November closed by the defaults, then refreshed under each policy's other value.

    One contract's price is corrected before the switches: what became known stays what it is.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DBT_TARGET_PATH", raising=False)
        company = Company(Home(tmp_path_factory.mktemp("policies") / "home"))
        company.fx_rates = [
            {"currency": "EUR", "valid_from": "2023-01-01", "rate_to_reporting": "1.10"},
            {"currency": "EUR", "valid_from": "2025-01-01", "rate_to_reporting": "1.20"},
        ]
        company.sell("top", "2024-01-01", 1000)
        company.sell("kid", "2024-01-01", 500)
        company.change(company.accounts, "account_id", "kid", parent_account_id="top")
        company.sell("asleep", "2024-01-01", 700)
        company.change(
            company.subscriptions, "subscription_id", "sub-asleep-1", paused_from="2025-06-10"
        )
        company.sell("owing", "2024-01-01", 600)
        company.change(company.subscriptions, "subscription_id", "sub-owing-1", status="past_due")
        company.sell("rebate", "2024-01-01", 100, discount_percent=20, discount_duration="forever")
        company.sell("begun", "2025-11-10", 50)
        company.sell("euro", "2024-05-01", 100, currency="EUR")
        company.sell("repriced", "2024-01-01", 300)
        whole = {"is_recurring": "true"}
        bill(company, "repriced", 300, status="void", subscription_id="sub-repriced-1", **whole)
        bill(company, "top", 1000, status="void", subscription_id="sub-top-1", **whole)
        bill(company, "top", 1000, number="-2", subscription_id="sub-top-1", **whole)
        bill(company, "kid", 500, status="uncollectible", subscription_id="sub-kid-1", **whole)
        company.refresh("2025-11-30")
        close_month(company.home, Month.parse("2025-11"), closed_by="Kim")
        listed = {
            "tie_out": {
                row[0]: row[1:]
                for row in company.rows(
                    "select account_id, reason, is_exception, variance, variance_credit, "
                    "written_off_revenue from marts.mart_arr_tie_out where month = '2025-11-01'"
                )
            }
        }
        company.test("assert_tie_out_components_add_up")
        company.change(company.items, "subscription_item_id", "item-repriced-1", unit_amount=330)
        for policy, value in POLICIES.items():
            company.vars = {policy: value}
            company.refresh("2025-11-30")
            listed[policy] = {row[0]: (int(row[3]), row[4]) for row in company.rows(RESTATEMENTS)}
            company.test("assert_restatements_explain_the_difference", "mart_restatements")
        yield listed


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("policy", "differences"),
    [
        ("customer_grain", {"top": 500, "kid": -500}),
        ("pause_policy", {"asleep": 700}),
        ("delinquent_policy", {"owing": -600}),
        ("discount_policy", {"rebate": 20}),
        ("arr_snapshot_point", {"begun": -50}),
        ("fx_mode", {"euro": -10}),
    ],
)
def test_another_policy_is_no_other_fact(switched, policy, differences):
    listed = dict(switched[policy])
    corrected = listed.pop("repriced")
    assert listed == {
        account: (difference, "policy_change") for account, difference in differences.items()
    }
    # Another day is compared under another snapshot point, so that every difference is its own.
    by_snapshot = policy == "arr_snapshot_point"
    assert corrected == (30, "policy_change" if by_snapshot else "changed_price_or_quantity")


@pytest.mark.nightly
def test_a_bill_that_was_taken_back_is_an_exception(switched):
    """Void and not billed again; void and billed again; written off while ARR counts on."""
    money = Decimal
    found = switched["tie_out"]
    assert found["repriced"] == ("unexplained", True, money("-24.66"), money(0), money(0))
    assert found["top"] == ("none", False, money(0), money(0), money(0))
    # The cent is the calendar's.
    assert found["kid"] == ("credit", True, money("-0.01"), money(0), money("41.10"))
