"""Every policy of METRICS changes what it says, and is stamped on the rows.

A company of nine customers, each of them there for one policy, is built three times: by the
defaults and by two sets of other values. The figures follow by hand from the contracts below.
"""

import shutil
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from orchestration.home import FILES_SOURCES, Home, HomeConfig
from orchestration.loads import LoadRequest, load, write_settings
from orchestration.project import project_root
from tests.python.revenue.doctored import build

pytestmark = pytest.mark.long

AS_OF = date(2025, 6, 30)
BUILT = ("+fct_arr_movement", "+fct_renewal", "+mart_arr_bridge_monthly", "+mart_carr_monthly")
INVARIANTS = (
    "assert_account_month_balances",
    "assert_arr_bridge_balances",
    "assert_movements_sum_to_account_months",
    "assert_transfers_net_to_zero",
)
OTHER_VALUES = {
    "of_rates": {
        "fx_mode": "as_booked",
        "fx_plan_date": "2024-06-01",
        "customer_grain": "ultimate_parent",
        "late_renewal_days": 30,
        "renewal_grace_days": 0,
    },
    "of_states": {
        "arr_snapshot_point": "month_start",
        "discount_policy": "gross",
        "delinquent_policy": "past_due_is_churn",
        "pause_policy": "keep",
    },
}
ACCOUNTS = """account_id,account_name,parent_account_id
euro,Euro,
top,Top,
kid,Kid,top
rebate,Rebate,
owing,Owing,
asleep,Asleep,
mid,Mid,
back,Back,
quit,Quit,
"""
SUBSCRIPTIONS = """subscription_id,account_id,status,started_at,ended_at,currency,paused_from,\
updated_at
euro,euro,active,2024-03-01,,EUR,,
top,top,active,2024-01-01,,USD,,
kid,kid,canceled,2024-02-01,2025-02-10,USD,,
rebate,rebate,active,2024-01-01,,USD,,
owing,owing,past_due,2024-01-01,,USD,,2025-05-20
asleep,asleep,active,2024-01-01,,USD,2025-03-10,
mid,mid,active,2025-06-15,,USD,,
back-1,back,canceled,2024-01-01,2025-01-10,USD,,
back-2,back,active,2025-03-01,,USD,,
quit,quit,canceled,2024-01-15,2025-02-01,USD,,
"""
ITEMS = """subscription_item_id,subscription_id,valid_from,valid_to,quantity,unit_amount,\
billing_interval,discount_percent,discount_duration
euro,euro,2024-03-01,2025-03-01,1,100,month,,
euro,euro,2025-03-01,,1,100,month,,
top,top,2024-01-01,,1,1000,year,,
kid,kid,2024-02-01,,1,500,year,,
rebate,rebate,2024-01-01,,1,1000,year,20,forever
owing,owing,2024-01-01,2025-05-01,1,500,year,,
owing,owing,2025-05-01,,1,600,year,,
asleep,asleep,2024-01-01,,1,700,year,,
mid,mid,2025-06-15,,1,300,year,,
back-1,back-1,2024-01-01,,1,400,month,,
back-2,back-2,2025-03-01,,1,400,month,,
quit,quit,2024-01-15,,1,900,year,,
"""
FX_RATES = """currency,valid_from,rate_to_reporting
EUR,2024-01-01,1.10
EUR,2025-01-01,1.05
EUR,2025-03-01,1.20
"""


@dataclass(frozen=True)
class Consequence:
    """What one policy changes: a figure by the default, and by the other value."""

    policy: str
    built: str
    sql: str
    by_default: object
    otherwise: object


def month_of(account: str, month: str, column: str) -> str:
    """The query of a column of an account's month."""
    return (
        f"select {column} from facts.fct_account_month "
        f"where account_id = '{account}' and month = date '{month}-01'"
    )


CONSEQUENCES = [
    # 1,200 euros at the plan rate, 1.05; at the rate of its second booking, 1.20.
    Consequence("fx_mode", "of_rates", month_of("euro", "2025-06", "closing_arr"), 1260, 1440),
    # Booked at 1.10 and again at 1.20: the price is the same.
    Consequence("fx_mode", "of_rates", month_of("euro", "2025-03", "fx_arr"), 0, 120),
    Consequence(
        "fx_mode",
        "of_rates",
        "select sum(arr_delta) from facts.fct_arr_movement where subtype = 'fx'",
        None,
        120,
    ),
    # The plan rate of 2025 is 1.05, that of June 2024 is 1.10.
    Consequence(
        "fx_plan_date", "of_rates", month_of("euro", "2025-06", "closing_arr_constant"), 1260, 1320
    ),
    # The child leaves: it is a churn, or the group contracts.
    Consequence(
        "customer_grain", "of_rates", month_of("kid", "2025-02", "movement"), "churn", None
    ),
    Consequence(
        "customer_grain", "of_rates", month_of("top", "2025-02", "contraction_arr"), 0, -500
    ),
    Consequence(
        "customer_grain",
        "of_rates",
        month_of("top", "2024-02", "movement"),
        "unchanged",
        "expansion",
    ),
    # Back after 50 days.
    Consequence(
        "late_renewal_days",
        "of_rates",
        "select subtype from facts.fct_arr_movement "
        "where account_id = 'back' and month = date '2025-03-01'",
        "late_renewal",
        "reactivation",
    ),
    # Given up 17 days after the term was renewed.
    Consequence(
        "renewal_grace_days",
        "of_rates",
        "select outcome from facts.fct_renewal "
        "where subscription_id = 'quit' and due_on = date '2025-01-15'",
        "churned",
        "renewed",
    ),
    # 20 % off a thousand for ever.
    Consequence(
        "discount_policy", "of_states", month_of("rebate", "2025-05", "closing_arr"), 800, 1000
    ),
    # It is known to be past due since 20 May.
    Consequence(
        "delinquent_policy", "of_states", month_of("owing", "2025-06", "closing_arr"), 600, 0
    ),
    Consequence("pause_policy", "of_states", month_of("asleep", "2025-06", "closing_arr"), 0, 700),
    # It starts on the 15th: there at the end of the month, not at its first day.
    Consequence(
        "arr_snapshot_point", "of_states", month_of("mid", "2025-06", "closing_arr"), 300, None
    ),
]


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """The company by the defaults and by each set of other values."""
    folder = tmp_path_factory.mktemp("policies")
    drop = folder / "drop"
    drop.mkdir()
    tables = {
        "accounts": ACCOUNTS,
        "subscriptions": SUBSCRIPTIONS,
        "subscription_items": ITEMS,
        "fx_rates": FX_RATES,
    }
    for name, text in tables.items():
        (drop / f"{name}.csv").write_text(text)
    built = {}
    for name, values in {"by_default": {}, **OTHER_VALUES}.items():
        home = Home(folder / name)
        home.create()
        home.write(
            HomeConfig(company="p", source="files", sources=dict(FILES_SOURCES), vars=dict(values))
        )
        if built:
            shutil.copy(built["by_default"].warehouse, home.warehouse)
        else:
            load(LoadRequest("files", drop, home.warehouse, "test", as_of=AS_OF))
            settings = {"as_of_date": str(AS_OF), "run_id": "test", "company": "p"}
            write_settings(home.warehouse, settings)
        built[name] = home
    for home in built.values():
        build(home, *BUILT, *INVARIANTS, kinds=("model", "seed", "test"))
    return built


def answer(home: Home, sql: str) -> object:
    """The one value of a query; none when there is no row."""
    with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
        rows = warehouse.execute(sql).fetchall()
    assert len(rows) <= 1
    return rows[0][0] if rows else None


@pytest.mark.parametrize("case", CONSEQUENCES, ids=lambda case: f"{case.policy}: {case.sql[7:40]}")
def test_a_policy_changes_what_it_says(homes, case):
    found = answer(homes["by_default"], case.sql), answer(homes[case.built], case.sql)
    assert found == (case.by_default, case.otherwise)


@pytest.mark.parametrize("built", OTHER_VALUES)
def test_the_policies_in_force_are_stamped(homes, built):
    stamps = "select distinct metric_policy from facts.fct_account_month"
    in_force = dict(stamp.split("=") for stamp in str(answer(homes[built], stamps)).split(", "))
    assert {
        name: str(value) for name, value in OTHER_VALUES[built].items()
    }.items() <= in_force.items()
    assert answer(homes["by_default"], stamps) != answer(homes[built], stamps)


def test_every_policy_of_the_project_has_a_case():
    """A policy that is stamped is tried."""
    macro = (project_root() / "macros" / "metric_policy.sql").read_text()
    tried = {case.policy for case in CONSEQUENCES}
    assert tried == {name for values in OTHER_VALUES.values() for name in values}
    assert all(f"'{name}'" in macro for name in tried)


def test_arr_as_booked_stands_beside_whatever_the_mode(homes):
    sql = month_of("euro", "2025-02", "(closing_arr_constant, closing_arr_as_booked)")
    assert answer(homes["by_default"], sql) == (Decimal(1260), Decimal(1320))
    assert answer(homes["of_rates"], sql) == (Decimal(1320), Decimal(1320))
