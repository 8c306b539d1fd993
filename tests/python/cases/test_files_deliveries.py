"""What a whole delivery no longer has: the class of case R27."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.python.cases.company import Built, build
from tests.python.cases.files_company import ITEM_HEADER, accounts, write

TARGETS = ("fct_account_month", "fct_subscription", "dim_account", "int_files_contract_gaps")
FIRST = {
    "accounts": accounts(["stays", "sub", "version", "item", "all", "crm", "ramp", "ahead"]),
    "subscriptions": """
        subscription_id,account_id,status,started_at
        s_stays,stays,active,2024-01-01
        s_sub,sub,active,2024-01-01
        s_version,version,active,2024-01-01
        s_item,item,active,2024-01-01
        s_all,all,active,2024-01-01
        s_crm,crm,active,2024-01-01
        s_ramp,ramp,active,2024-01-01
        s_ahead,ahead,active,2025-09-01
    """,
    "subscription_items": f"""
        {ITEM_HEADER},valid_to
        i_stays,s_stays,2024-01-01,1,100,month,
        i_sub,s_sub,2024-01-01,1,100,month,
        i_version,s_version,2024-01-01,1,100,month,2025-02-01
        i_version,s_version,2025-02-01,9,100,month,
        i_item,s_item,2024-01-01,1,100,month,
        i_addon,s_item,2025-03-01,1,50,month,
        i_all,s_all,2024-01-01,1,100,month,
        i_crm,s_crm,2024-01-01,1,100,month,
        i_ramp,s_ramp,2024-01-01,1,100,month,2025-01-01
        i_ramp,s_ramp,2025-01-01,2,100,month,
        i_ahead,s_ahead,2025-09-01,1,100,month,
    """,
    "products": "product_id,product_name\np1,Core",
}


def without(tables: Mapping[str, str], *words: str) -> dict[str, str]:
    """The same files without the lines that begin with one of these words."""
    return {
        name: "\n".join(line for line in text.splitlines() if not line.strip().startswith(words))
        for name, text in tables.items()
    }


SECOND = without(
    FIRST, "s_sub,", "i_sub,", "i_version,s_version,2025-02", "i_addon", "all,", "s_all", "i_all",
    "crm,", "i_ramp,s_ramp,2024", "s_ahead", "i_ahead",
)  # fmt: skip
SECOND["subscription_items"] = SECOND["subscription_items"].replace("month,2025-02-01", "month,")


class Deliveries:
    """A company and its deliveries, one after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.number = 0
        self.built: Built | None = None

    def deliver(self, tables: Mapping[str, str], day_before: str = "") -> Built:
        """Deliver and build; `day_before` is the day of the delivery before, if another one."""
        if self.built:
            if day_before:
                self.built.connection.execute(
                    "update raw_files.deliveries set as_of_date = cast(? as date)"
                    " where run_id = (from (select max(run_id) from raw_files.deliveries))",
                    [day_before],
                )
            self.built.connection.close()
        self.number += 1
        folder = write(self.root / "files", tables)
        self.built = build(
            self.root / "home",
            {"files": folder},
            targets=TARGETS,
            deliveries=self.number,
        )
        return self.built

    def close(self) -> None:
        if self.built:
            self.built.connection.close()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Built:
    deliveries = Deliveries(tmp_path_factory.mktemp("deliveries"))
    deliveries.deliver(FIRST)
    return deliveries.deliver(SECOND)


def test_what_stays_stays(second: Built) -> None:
    assert second.arr("stays") == 1200
    assert second.movements("stays") == [("2024-01-01", "new", 1200)]


def test_a_subscription_that_is_gone_ended_that_day(second: Built) -> None:
    assert second.arr("sub", "2025-05-01") == 1200
    assert second.movements("sub")[1:] == [("2025-06-01", "churn", -1200)]


@pytest.mark.parametrize("account", ["sub", "all"])
def test_a_subscription_is_over_whether_its_account_stays_or_not(
    second: Built, account: str
) -> None:
    sql = "select cast(ended_on as varchar) from facts.fct_subscription where subscription_id = ?"
    assert second.value(sql, f"s_{account}") == "2025-06-30"


def test_a_version_that_is_gone_never_was(second: Built) -> None:
    assert second.movements("version") == [("2024-01-01", "new", 1200)]


def test_an_item_that_is_gone_ended_that_day(second: Built) -> None:
    assert second.movements("item") == [
        ("2024-01-01", "new", 1200),
        ("2025-03-01", "expansion", 600),
        ("2025-06-01", "contraction", -600),
    ]


def test_a_beginning_that_is_gone_is_named(second: Built) -> None:
    assert second.movements("ramp") == [("2025-01-01", "new", 2400)]
    assert second.rows(
        "select gap, severity from intermediate.int_files_contract_gaps"
        " where object_id in ('i_ramp', 's_ramp') order by all"
    ) == [("history_gone", "warning"), ("no_line_before", "warning")]


def test_an_account_that_is_gone_and_still_pays_goes_on_and_is_named(second: Built) -> None:
    assert second.rows(
        "select object_id, cast(arr_affected as double)"
        " from intermediate.int_files_contract_gaps where gap = 'account_gone'"
    ) == [("s_crm", 1200)]
    total = second.value(
        "select cast(sum(closing_arr) as double) from facts.fct_account_month"
        " where month = date '2025-06-01' and account_id in ('crm', 'unassigned')"
    )
    assert total == 1200


def test_a_contract_that_lies_ahead_and_is_gone_never_was(second: Built) -> None:
    assert (
        second.rows(
            "select * from intermediate.int_files_line_versions where subscription_id = 's_ahead'"
        )
        == []
    )


def test_what_is_gone_is_named_and_counted(second: Built) -> None:
    said = second.said()
    for name in ("s_sub", "s_all", "s_ahead", "i_addon", "i_version"):
        assert f"'{name}'" in said, name
    assert "3 rows that were there are gone" in said
    assert dict(
        second.rows(
            "select source_table, rows_gone from raw_files.deliveries"
            " qualify row_number() over (partition by source_table order by load_id desc) = 1"
        )
    ) == {"accounts": 2, "subscriptions": 3, "subscription_items": 6, "products": 0}


def test_what_comes_back_is_back(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path)
    deliveries.deliver(FIRST)
    deliveries.deliver(SECOND)
    back = deliveries.deliver(FIRST)
    for account, arr in {"sub": 1200, "version": 10800, "item": 1800, "ramp": 2400}.items():
        assert back.arr(account) == arr, account
    assert back.movements("sub") == [("2024-01-01", "new", 1200)]
    assert back.rows("select * from intermediate.int_files_contract_gaps") == []
    # And it can be gone again.
    assert deliveries.deliver(SECOND).arr("sub") == 0
    deliveries.close()


def test_an_increment_never_deletes(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path)
    deliveries.deliver(FIRST)
    deliveries.deliver(SECOND)
    mapping = "version: 1\ndelivery: {accounts: increment, subscriptions: increment,"
    mapping += " subscription_items: increment}\n"
    kept = deliveries.deliver({**SECOND, "mapping.yml": mapping})
    assert kept.arr("sub") == 1200
    assert kept.movements("ramp") == [
        ("2024-01-01", "new", 1200),
        ("2025-01-01", "expansion", 1200),
    ]
    deliveries.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subscriptions": None}, None),
        ({"subscriptions": "subscription_id,account_id,status,started_at"}, "no rows at all"),
        (
            {"subscriptions": "subscription_id,account_id,status,started_at\n"
             "s_stays,stays,active,2024-01-01\ns_sub,sub\n"},
            "cannot be read",
        ),
        (
            {"subscriptions": "subscription_id,account_id,status,started_at\n"
             "s_stays,stays,active,2024-01-01\n,sub,active,2024-01-01\n"},
            "cannot be read",
        ),
    ],
    ids=["no file", "no rows", "a broken line", "a line without its key"],
)  # fmt: skip
def test_a_delivery_that_is_not_whole_deletes_nothing(
    tmp_path: Path, change: dict[str, str | None], words: str | None
) -> None:
    deliveries = Deliveries(tmp_path)
    deliveries.deliver(FIRST)
    tables = {**FIRST, **change}
    part = deliveries.deliver({name: text for name, text in tables.items() if text})
    assert part.arr("sub") == part.arr("all") == 1200
    assert part.value("select count(*) from raw_files.subscriptions where _gone_load_id <> ''") == 0
    if words:
        assert words in part.said()
        assert "'s_sub'" in part.said()
    deliveries.close()


def test_a_row_that_is_rejected_is_not_gone(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path)
    deliveries.deliver(FIRST)
    held = {
        **FIRST,
        "subscriptions": FIRST["subscriptions"].replace("s_sub,sub,active", "s_sub,sub,odd"),
    }
    built = deliveries.deliver(held)
    # What was known before goes on, and is named with what it is worth.
    assert built.arr("sub") == 1200
    assert built.rows(
        "select object_id, account_id, severity, cast(arr_affected as double)"
        " from intermediate.int_files_contract_gaps where gap = 'row_rejected'"
    ) == [("s_sub", "sub", "error", 1200)]
    # A corrected delivery says nothing more.
    assert deliveries.deliver(FIRST).rows("from intermediate.int_files_contract_gaps") == []
    deliveries.close()


def test_a_status_that_changes_between_deliveries_began_with_the_second(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path)
    deliveries.deliver(FIRST)
    changed = FIRST["subscriptions"]
    for name, status in {"stays": "paused", "sub": "deleted", "version": "pending"}.items():
        changed = changed.replace(f"s_{name},{name},active", f"s_{name},{name},{status}")
    changed_too = {**FIRST, "subscriptions": changed}
    deliveries.deliver(changed_too, day_before="2025-04-30")
    built = deliveries.deliver(changed_too, day_before="2025-05-20")
    assert built.movements("stays")[1:] == [("2025-05-01", "contraction", -1200)]
    assert built.movements("sub")[1:] == [("2025-05-01", "churn", -1200)]
    assert built.movements("version")[2:] == [("2025-05-01", "contraction", -10800)]
    assert built.rows(
        "select object_id, gap, cast(since as varchar)"
        " from intermediate.int_files_contract_gaps order by all"
    ) == [
        ("s_stays", "pause_first_seen", "2025-05-20"),
        ("s_sub", "end_first_seen", "2025-05-20"),
        ("s_version", "runs_no_more", "2025-05-20"),
    ]
    deliveries.close()


def test_what_is_told_otherwise_for_the_past_is_named(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path)
    before = FIRST["subscriptions"].replace("status,started_at", "status,started_at,currency")
    for name, status in {"sub": "canceled", "item": "paused"}.items():
        before = before.replace(f"s_{name},{name},active", f"s_{name},{name},{status}")
    before = before.replace("-01\n", "-01,USD\n")
    after = before.replace("canceled", "active").replace("paused", "active")
    after = after.replace("crm,active,2024-01-01,USD", "crm,active,2024-01-01,EUR")
    rates = {"fx_rates": "currency,valid_from,rate_to_reporting\nEUR,2024-01-01,1.1"}
    deliveries.deliver({**FIRST, **rates, "subscriptions": before})
    again = {**FIRST, **rates, "subscriptions": after}
    built = deliveries.deliver(again, day_before="2025-04-30")
    assert built.rows(
        "select object_id, gap, severity from intermediate.int_files_contract_gaps order by all"
    ) == [
        ("s_crm", "currency_changed", "warning"),
        ("s_item", "pause_not_told", "warning"),
        ("s_sub", "runs_again", "warning"),
    ]
    deliveries.close()


def test_a_subscription_under_another_id_counts_once(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path)
    deliveries.deliver(FIRST)
    anew = {name: text.replace("_stays", "_anew") for name, text in FIRST.items()}
    built = deliveries.deliver(anew, day_before="2025-04-30")
    assert built.movements("stays") == [("2024-01-01", "new", 1200)]
    deliveries.close()


def test_a_trial_that_never_paid_has_no_arr_when_it_is_over(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path)
    trial = {**FIRST, "subscriptions": FIRST["subscriptions"].replace("sub,active", "sub,in_trial")}
    deliveries.deliver(trial)
    over = FIRST["subscriptions"].replace("sub,active", "sub,cancelled")
    built = deliveries.deliver({**FIRST, "subscriptions": over})
    assert built.movements("sub") == []
    deliveries.close()


def test_a_delivery_that_shrinks_a_lot_is_an_error(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(40)]
    header = "subscription_id,account_id,status,started_at"

    def company(kept: int) -> dict[str, str]:
        subscriptions = [f"s_{name},{name},active,2024-01-01" for name in names[:kept]]
        items = [f"i_{name},s_{name},2024-01-01,1,100,month" for name in names]
        return {
            "accounts": accounts(names),
            "subscriptions": "\n".join([header, *subscriptions]),
            "subscription_items": "\n".join([ITEM_HEADER, *items]),
        }

    deliveries = Deliveries(tmp_path)
    deliveries.deliver(company(40))
    built = deliveries.deliver(company(30))
    assert "this delivery has lost 10 of 40 rows (25 %): was it cut off?" in built.said()
    assert built.rows(
        "select object_type, object_id, severity, row_count"
        " from intermediate.int_files_contract_gaps where gap = 'delivery_shrunk'"
    ) == [("delivery", "subscriptions", "error", 10)]
    deliveries.close()
