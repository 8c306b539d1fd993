"""Renewals that begin before the old contract is over: agreed ends, splits, parallel contracts.

Small companies made up here; figures by hand from docs/metrics.md, as of 2025-06-30.
"""

import pytest

from tests.python.cases.company import Built, build
from tests.python.cases.stripe import Export, event, item, price, seconds, subscription
from tests.python.cases.test_contracts_and_accounts import gap, renewals, write

TARGETS = ("fct_account_month", "fct_arr_movement", "fct_renewal", "fct_data_gap")


def contracts(rows: dict[str, list[tuple]]) -> dict[str, list[str]]:
    """The tables of accounts with contracts: id, days, auto_renew, and lines.

    A line is (product, price of a year, first day); without one it begins with its contract.
    """
    tables: dict[str, list[str]] = {"accounts": [], "subscriptions": [], "subscription_items": []}
    for account, its_contracts in rows.items():
        tables["accounts"].append(f"{account},{account},SMB,2023-01-01T00:00:00Z")
        for number, (start, end, renews, lines) in enumerate(its_contracts, start=1):
            key = f"{account}_{number}"
            is_over = end <= "2025-06-30"
            status, ended = ("expired", f"{end}T00:00:00Z") if is_over else ("active", "")
            tables["subscriptions"].append(
                f"{key},{account},{status},{start}T00:00:00Z,{ended},{start},{end},{renews}"
            )
            for n, (product, amount, *day) in enumerate(lines):
                first = day[0] if day else start
                tables["subscription_items"].append(
                    f"{key}_{n},{key},{first},,1,{amount},year,{product}"
                )
    return tables


def renewed_in_june(renews: str) -> list[tuple]:
    """A contract to the end of August, and one of the same product from June on."""
    return [
        ("2024-09-01", "2025-09-01", renews, [("p1", 12000)]),
        ("2025-06-01", "2026-06-01", "", [("p1", 13000)]),
    ]


AHEAD = contracts(
    {
        "told": renewed_in_june("false"),
        "rolls": renewed_in_june("true"),
        "unsaid": renewed_in_june(""),
        "signed": renewed_in_june("false"),
        "billed": renewed_in_june("false"),
        "other": [
            ("2024-09-01", "2025-09-01", "", [("p1", 12000)]),
            ("2025-06-01", "2026-06-01", "", [("p2", 13000)]),
        ],
    }
)
AHEAD["subscription_items"] += ["signed_1_0,signed_1,2025-09-01,,1,14000,year,p1"]
AHEAD["invoices"] = ["v1,billed,open,2025-06-15T00:00:00Z,12000,USD"]
AHEAD["invoice_lines"] = ["l1,v1,12000,2025-09-01,2026-09-01,billed_1,true"]


@pytest.fixture(scope="module")
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("ahead")
    return build(folder / "home", {"files": write(folder / "files", AHEAD)}, targets=TARGETS)


def test_a_contract_that_will_not_renew_ends_with_its_term(ahead: Built) -> None:
    assert ahead.arr("told", "2025-05-01") == 12000
    assert ahead.arr("told") == 13000
    assert gap(ahead, "told_1") == ("renewed_before_it_was_over", 12000)


@pytest.mark.parametrize("name", ["rolls", "signed", "billed"])
def test_a_contract_that_goes_on_after_its_term_counts(ahead: Built, name: str) -> None:
    assert ahead.arr(name) == 25000
    assert gap(ahead, f"{name}_1") is None


def test_a_term_of_which_nobody_says_whether_it_renews_counts_and_is_named(ahead: Built) -> None:
    assert ahead.arr("unsaid") == 25000
    assert gap(ahead, "unsaid_1") == ("renewed_perhaps", 12000)
    assert gap(ahead, "other_1") is None


@pytest.fixture(scope="module")
def stripe(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Subscriptions of a year to the end of August, and new ones of June."""
    export = Export()
    export.add("prices", price("year", 1200000, interval="year"))
    end = seconds("2025-09-01")
    ends = {
        "at": {"cancel_at": end},
        "period": {"cancel_at_period_end": True},
        "taken_back": {},
        "runs": {},
        "later": {"cancel_at": seconds("2026-09-01")},
    }
    for name, said in ends.items():
        period = {"current_period_start": seconds("2024-09-01"), "current_period_end": end}
        items = [item(f"si_{name}", price("year", 1200000, interval="year"))]
        old = subscription(name, items, start="2024-09-01", **period)
        told = old | said | ({"canceled_at": seconds("2025-05-20")} if said else {})
        export.sell(old, listed=False)
        export.add("subscriptions", told)
        if said:
            export.add("events", event(f"evt_{name}_2", "2025-05-20", "updated", told))
        if name == "taken_back":
            for day, cancel_at in (("2025-05-20", end), ("2025-06-10", None)):
                told = old | {"cancel_at": cancel_at}
                export.add("events", event(f"evt_{name}_{day}", day, "updated", told))
        items = [item(f"si_{name}_new", price("year", 1200000, interval="year"))]
        new = subscription(name, items, start="2025-06-01") | {
            "id": f"sub_{name}_new",
            "current_period_end": seconds("2026-06-01"),
        }
        export.add("subscriptions", new)
        export.add("events", event(f"evt_{name}_new", "2025-06-01", "created", new))
    folder = tmp_path_factory.mktemp("stripe")
    return build(folder / "home", export.write(folder / "in"), targets=TARGETS)


@pytest.mark.parametrize("name", ["at", "period"])
def test_a_subscription_with_a_day_to_be_cancelled_is_renewed(stripe: Built, name: str) -> None:
    assert stripe.arr(name, "2025-05-01") == 12000
    assert stripe.arr(name) == 12000
    assert gap(stripe, f"sub_{name}") == ("renewed_before_it_was_over", 12000)


@pytest.mark.parametrize("name", ["taken_back", "runs", "later"])
def test_a_subscription_that_runs_on_counts_beside_a_new_one(stripe: Built, name: str) -> None:
    assert stripe.arr(name) == 24000
    assert gap(stripe, f"sub_{name}") is None


YEAR = ("2024-01-01", "2025-01-01", "")
NEXT = ("2025-01-01", "2026-01-01", "")
EARLY = ("2024-12-01", "2025-12-01", "")
LATE = ("2025-01-20", "2026-01-20", "")
OVER = contracts(
    {
        "split": [
            (*YEAR, [("p1", 24000)]),
            (*NEXT, [("p1", 10000)]),
            (*NEXT, [("p1", 12000)]),
        ],
        "split_early": [
            (*YEAR, [("p1", 24000)]),
            (*EARLY, [("p1", 10000)]),
            (*NEXT, [("p1", 12000)]),
        ],
        "split_late": [
            (*YEAR, [("p1", 24000)]),
            (*LATE, [("p1", 11000)]),
            (*LATE, [("p1", 12000)]),
        ],
        "staggered": [
            (*YEAR, [("p1", 12000), ("p2", 6000)]),
            (*EARLY, [("p1", 12000), ("p2", 6000, "2025-01-01")]),
        ],
        "by_product": [
            (*YEAR, [("p1", 12000), ("p2", 6000)]),
            (*EARLY, [("p1", 12000)]),
            (*NEXT, [("p2", 6000)]),
        ],
        "half_late": [
            (*YEAR, [("p1", 12000), ("p2", 6000)]),
            (*NEXT, [("p1", 12000)]),
            (*LATE, [("p2", 6000)]),
        ],
        "lost": [
            (*YEAR, [("p1", 12000), ("p2", 6000)]),
            (*EARLY, [("p1", 12000)]),
        ],
        "swapped": [
            (*YEAR, [("p1", 12000)]),
            (*YEAR, [("p1", 12000), ("p2", 12000)]),
            (*NEXT, [("p1", 24000)]),
            (*NEXT, [("p2", 12000)]),
        ],
        "parallel": [
            ("2024-01-01", "2025-01-05", "", [("p1", 12000)]),
            ("2024-01-15", "2025-01-20", "", [("p1", 6000)]),
            ("2024-12-15", "2025-12-15", "", [("p1", 12000)]),
            ("2025-01-02", "2026-01-02", "", [("p1", 6000)]),
        ],
        "one_in_time": [
            (*YEAR, [("p1", 12000)]),
            ("2024-01-15", "2025-02-10", "", [("p1", 6000)]),
            (*NEXT, [("p1", 12000)]),
            ("2025-02-05", "2026-02-05", "", [("p1", 6000)]),
        ],
        "sizes": [
            (*YEAR, [("p1", 6000)]),
            (*YEAR, [("p1", 12000)]),
            (*EARLY, [("p1", 12000)]),
            (*EARLY, [("p1", 6000)]),
        ],
        "chain": [
            (*YEAR, [("p1", 12000)]),
            ("2024-12-01", "2025-03-01", "", [("p1", 12000)]),
            ("2024-12-20", "2025-12-20", "", [("p1", 12000)]),
        ],
    }
)
RENEWALS = {
    "split": [("split_1", "2025-01-01", "contracted", 22000)],
    "split_early": [("split_early_1", "2025-01-01", "contracted", 22000)],
    "split_late": [("split_late_1", "2025-01-01", "contracted", 23000)],
    "staggered": [("staggered_1", "2025-01-01", "renewed", 18000)],
    "by_product": [("by_product_1", "2025-01-01", "renewed", 18000)],
    "half_late": [("half_late_1", "2025-01-01", "renewed", 18000)],
    "lost": [("lost_1", "2025-01-01", "contracted", 12000)],
    "swapped": [
        ("swapped_1", "2025-01-01", "renewed", 12000),
        ("swapped_2", "2025-01-01", "renewed", 24000),
    ],
    "parallel": [
        ("parallel_1", "2025-01-05", "renewed", 12000),
        ("parallel_2", "2025-01-20", "renewed", 6000),
    ],
    "one_in_time": [
        ("one_in_time_1", "2025-01-01", "renewed", 12000),
        ("one_in_time_2", "2025-02-10", "renewed", 6000),
    ],
    "sizes": [
        ("sizes_1", "2025-01-01", "renewed", 6000),
        ("sizes_2", "2025-01-01", "renewed", 12000),
    ],
    "chain": [
        ("chain_1", "2025-01-01", "renewed", 12000),
        ("chain_2", "2025-03-01", "renewed", 12000),
    ],
}


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("over")
    return build(folder / "home", {"files": write(folder / "files", OVER)}, targets=TARGETS)


@pytest.mark.parametrize("name", [*RENEWALS])
def test_what_was_due_is_renewed_by_all_that_take_it_over(over: Built, name: str) -> None:
    found = [row for row in renewals(over, name) if row[1] <= "2025-06-30"]
    assert found == RENEWALS[name]


@pytest.mark.parametrize("name", ["parallel", "one_in_time"])
def test_of_parallel_contracts_each_counts_until_its_own_renewal(over: Built, name: str) -> None:
    arr = [over.arr(name, month) for month in ("2024-11-01", "2024-12-01", "2025-01-01")]
    assert arr == [18000, 18000, 18000]
    assert over.arr(name) == 18000
