"""What Stripe's subscriptions were, day by day, whatever the order and completeness of events.

One account per situation; a seat is 1,200.00 a year. docs/reference/stripe-subscriptions.md lists
the forms, each with the test that holds it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.python.cases.company import Built, build
from tests.python.cases.stripe_exports import SOURCES, StripeExport, unix

TARGETS = (
    "fct_account_month",
    "fct_churn_event",
    "fct_subscription",
    "mart_churn_events",
    "int_stripe_state_gaps",
    "int_stripe_cancel_requests",
)
NEW = ("2024-07-01", "new", 1200.0)
SECOND = "2024-07-01T10:00:00"


def one_second(export: StripeExport) -> None:
    """Events of one second, in an order of the file that is wrong."""
    row = export.subscription("created_last", start=SECOND, status="incomplete")
    export.life(row, [(SECOND, {"status": "active"})])

    # Two changes of the same attribute and one of another, all with the creation.
    row = export.subscription("three_changes", start=SECOND, status="incomplete", seats=1)
    export.life(
        row,
        [
            (SECOND, {"status": "active"}),
            (SECOND, {"items": export.items("three_changes", 5)}),
            (SECOND, {"items": export.items("three_changes", 3)}),
        ],
    )
    # Up and down again: only what was before tells which came first.
    row = export.subscription("up_and_down", seats=2)
    export.life(
        row,
        [
            ("2024-09-01T10:00:00", {"items": export.items("up_and_down", 5)}),
            ("2024-09-01T10:00:00", {"items": export.items("up_and_down", 2)}),
        ],
    )
    # A payment that failed and went through at once.
    row = export.subscription("failed_and_paid")
    export.life(
        row,
        [
            ("2024-09-01T10:00:00", {"status": "past_due"}),
            ("2024-09-01T10:00:00", {"status": "unpaid"}),
            ("2024-09-01T10:00:00", {"status": "active"}),
        ],
    )
    # A deletion and the update that led to it.
    row = export.subscription("update_and_delete")
    row = export.life(
        row,
        [("2025-02-10T10:00:00", {"cancellation_details": {"reason": "payment_failed"}})],
        is_object_left_out=True,
    )
    gone = row | {"status": "canceled", "ended_at": unix("2025-02-10T10:00:00")}
    export.event("deleted", gone, on="2025-02-10T10:00:00")
    export.object(gone)
    # Without previous attributes the usual way of a status tells.
    row = export.subscription("no_attributes", status="incomplete")
    export.event("created", row, on="2024-07-01")
    export.event("updated", row | {"status": "trialing"}, on="2024-07-01T09:00:00")
    export.event("updated", row | {"status": "active"}, on="2024-07-01T09:00:00")
    export.object(row | {"status": "active"})


def missing(export: StripeExport) -> None:
    """Events that were not delivered, and objects that were not."""
    for account, change in {
        "missed_deletion": {"status": "canceled", "ended_at": unix("2025-02-10")},
        "missed_seats": {"items": export.items("missed_seats", 4)},
        "missed_unpaid": {"status": "unpaid"},
        "missed_pause": {"pause_collection": {"behavior": "void", "resumes_at": None}},
        "missed_expiry": {"status": "incomplete_expired", "ended_at": unix("2024-07-02")},
    }.items():
        row = export.subscription(account)
        export.event("created", row, on="2024-07-01")
        export.object(row | change)
    row = export.subscription(
        "missed_trial_end",
        status="trialing",
        trial_start=unix("2024-07-01"),
        trial_end=unix("2024-08-15"),
    )
    export.event("created", row, on="2024-07-01")
    export.object(row | {"status": "active", "current_period_start": unix("2025-06-15")})
    row = export.subscription("missed_payment", status="incomplete")
    export.event("created", row, on="2024-07-01")
    export.object(row | {"status": "active"})
    # The object was fetched before the last event.
    row = export.subscription("stale_object", seats=2)
    export.life(
        row, [("2025-01-10", {"items": export.items("stale_object", 5)})], is_object_left_out=True
    )
    export.object(row)
    row = export.subscription("stale_and_gone")
    export.event("created", row, on="2024-07-01")
    gone = row | {"status": "canceled", "ended_at": unix("2025-03-01")}
    export.event("deleted", gone, on="2025-03-01")
    export.object(row)
    # Only one of the two.
    export.life(export.subscription("no_object"), [], is_object_left_out=True)
    export.object(export.subscription("no_events"))
    gone = export.subscription("no_events_gone", status="canceled", ended_at=unix("2025-04-01"))
    export.object(gone)
    # Events of the last days only, and one missing between two.
    row = export.subscription("late_events", seats=3)
    export.event("updated", row, on="2025-06-10", before={"items": export.items("late_events", 2)})
    export.object(row)
    row = export.subscription("hole", seats=1)
    export.event("created", row, on="2024-07-01")
    six = row | {"items": export.items("hole", 6)}
    export.event("updated", six, on="2025-01-10", before={"items": export.items("hole", 4)})
    export.object(six)


def endings(export: StripeExport) -> None:
    """What lies ahead, and what must have happened without a word."""
    row = export.subscription("cancels_ahead")
    change = {"cancel_at_period_end": True, "cancel_at": unix("2025-09-01")}
    export.life(row, [("2025-05-01", change | {"canceled_at": unix("2025-05-01")})])
    row = export.subscription("cancel_passed")
    change = {"cancel_at_period_end": True, "cancel_at": unix("2025-03-01")}
    export.life(row, [("2025-02-01", change | {"canceled_at": unix("2025-02-01")})])
    row = export.subscription("cancel_withdrawn")
    back = {"cancel_at_period_end": False, "cancel_at": None, "canceled_at": None}
    export.life(row, [("2025-02-01", change), ("2025-02-20", back)])
    # Deleted customers: after a load that knew them is tested with two deliveries.
    export.accounts["customer_gone"] = None
    export.tables["customers"].append({"id": "cus_gone", "object": "customer", "deleted": True})
    row = export.subscription("customer_gone", customer="cus_gone")
    export.life(row, [])
    row = export.subscription("customer_deleted")
    export.life(row, [])
    export.tables["events"].append(
        {
            "id": "evt_deleted_customer",
            "type": "customer.deleted",
            "created": unix("2025-03-10"),
            "livemode": True,
            "data": {"object": {"id": "cus_customer_deleted", "deleted": True}},
        }
    )
    # One that was deleted before anything was loaded: its event alone tells whose it was.
    export.accounts["customer_told"] = None
    gone = {"id": "cus_customer_told", "object": "customer"}
    export.tables["customers"].append(gone | {"deleted": True})
    row = export.subscription("customer_told", customer=gone["id"])
    over = {"status": "canceled", "ended_at": unix("2025-03-10")}
    row = export.life(row, [("2025-03-10", over)])
    was = gone | {"email": None, "metadata": {"crm_account_id": "customer_told"}, "livemode": True}
    export.tables["events"].append(
        {
            "id": "evt_customer_told",
            "type": "customer.deleted",
            "created": unix("2025-03-10"),
            "livemode": True,
            "data": {"object": was},
        }
    )
    export.accounts["customer_missing"] = None
    export.life(export.subscription("customer_missing", customer="cus_missing"), [])
    row = export.subscription(
        "trial_over",
        status="trialing",
        trial_start=unix("2024-07-01"),
        trial_end=unix("2024-08-01"),
    )
    export.life(row, [], is_object_left_out=True)
    export.life(export.subscription("never_started", status="incomplete"), [])
    # A schedule with a phase ahead, a pending update that was not paid: not present.
    row = export.subscription("schedule_ahead", schedule="sub_sched_1")
    export.life(row, [])
    row = export.subscription("update_pending", seats=2, pending_update=None)
    pending = {"expires_at": unix("2025-06-29"), "subscription_items": [{"quantity": 9}]}
    export.life(row, [("2025-06-20", {"pending_update": pending})])
    moved = export.subscription("moved_from", customer=export.customer("moved_from"))
    export.customer("moved_to")
    export.life(moved, [("2025-01-15", {"customer": "cus_moved_to"})])


def statuses(export: StripeExport) -> None:
    """The vocabulary."""
    row = export.subscription("zombie")
    export.life(row, [("2025-01-10", {"status": "zombie"})])
    row = export.subscription("test_mode", livemode=False)
    export.life(row, [])
    trial = {"trial_start": unix("2024-07-01"), "trial_end": unix("2024-08-01")}
    row = export.subscription("trial_paused", status="trialing", **trial)
    row = export.life(row, [("2024-08-01", {"status": "paused"})])
    export.event("paused", row, on="2024-08-01")
    row = export.subscription("paused_and_back")
    export.life(row, [("2024-10-10", {"status": "paused"}), ("2025-01-10", {"status": "active"})])
    for behavior in ("keep_as_draft", "mark_uncollectible", "void"):
        row = export.subscription(f"pause_{behavior}")
        pause = {"behavior": behavior, "resumes_at": unix("2025-01-10")}
        export.life(row, [("2024-10-10", {"pause_collection": pause})])
    row = export.subscription("trial_then_paid", status="trialing", **trial)
    export.event("trial_will_end", row, on="2024-07-29")
    export.life(row, [("2024-08-01", {"status": "active"})])
    for account, behavior in {"trial_cancel": "cancel", "trial_invoice": "create_invoice"}.items():
        settings = {"end_behavior": {"missing_payment_method": behavior}}
        row = export.subscription(account, status="trialing", trial_settings=settings, **trial)
        after = (
            {"status": "past_due"}
            if behavior == "create_invoice"
            else {
                "status": "canceled",
                "ended_at": unix("2024-08-01"),
            }
        )
        export.life(row, [("2024-08-01", after)])
    row = export.subscription("expired", status="incomplete")
    export.life(
        row, [("2024-07-02", {"status": "incomplete_expired", "ended_at": unix("2024-07-02")})]
    )


def churns(export: StripeExport) -> None:
    """Why they left, as of then."""
    row = export.subscription("unpaid_and_back")
    export.life(
        row,
        [
            ("2024-09-01", {"status": "past_due"}),
            ("2024-09-22", {"status": "unpaid"}),
            ("2024-11-03", {"status": "active"}),
        ],
    )
    asked = {"reason": "cancellation_requested", "feedback": "too_expensive", "comment": "Sorry"}
    row = export.subscription("unpaid_then_asked")
    export.life(
        row,
        [
            ("2024-09-22", {"status": "unpaid"}),
            (
                "2025-01-10",
                {
                    "status": "canceled",
                    "ended_at": unix("2025-01-10"),
                    "canceled_at": unix("2025-01-10"),
                    "cancellation_details": asked,
                },
            ),
        ],
    )
    ended = {
        "status": "canceled",
        "ended_at": unix("2025-01-10"),
        "canceled_at": unix("2025-01-10"),
    }
    row = export.subscription("asked")
    export.life(row, [("2025-01-10", ended | {"cancellation_details": asked})])
    row = export.subscription("dunned_without_reason")
    export.life(row, [("2024-12-20", {"status": "past_due"}), ("2025-01-10", ended)])
    row = export.subscription("disputed_says_stripe")
    details = {"reason": "payment_disputed", "feedback": None, "comment": None}
    export.life(row, [("2025-01-10", ended | {"cancellation_details": details})])
    for account, status in {
        "dispute_lost": "lost",
        "dispute_won": "won",
        "dispute_inquiry": "warning_closed",
        "dispute_odd": "strange",
    }.items():
        row = export.subscription(account)
        export.life(row, [("2025-01-10", ended | {"cancellation_details": asked})])
        charge = {"id": f"ch_{account}", "customer": f"cus_{account}", "amount": 10000}
        charge |= {"currency": "usd", "created": unix("2024-12-01"), "status": "succeeded"}
        export.tables["charges"].append(charge)
        dispute = {"id": f"dp_{account}", "charge": f"ch_{account}", "amount": 10000}
        dispute |= {"currency": "usd", "created": unix("2024-12-20"), "status": status}
        export.tables["disputes"].append(dispute)


ALL = (one_second, missing, endings, statuses, churns)
AFTER_TRIAL = ("2024-08-01", "new", 1200.0)
PAUSE = [NEW, ("2024-10-01", "contraction", -1200.0), ("2025-01-01", "expansion", 1200.0)]
# Months in which something moved, by account.
MOVEMENTS = {
    "created_last": [NEW],
    "three_changes": [("2024-07-01", "new", 3600.0)],
    "up_and_down": [("2024-07-01", "new", 2400.0)],
    "failed_and_paid": [NEW],
    "update_and_delete": [NEW, ("2025-02-01", "churn", -1200.0)],
    "no_attributes": [NEW],
    "missed_deletion": [NEW, ("2025-02-01", "churn", -1200.0)],
    "missed_seats": [NEW, ("2025-06-01", "expansion", 3600.0)],
    "missed_unpaid": [NEW, ("2025-06-01", "churn", -1200.0)],
    "missed_pause": [NEW, ("2025-06-01", "contraction", -1200.0)],
    "missed_expiry": [],
    "missed_trial_end": [AFTER_TRIAL],
    "missed_payment": [NEW],
    "stale_object": [("2024-07-01", "new", 2400.0), ("2025-01-01", "expansion", 3600.0)],
    "stale_and_gone": [NEW, ("2025-03-01", "churn", -1200.0)],
    "no_object": [NEW],
    "no_events": [NEW],
    "no_events_gone": [NEW, ("2025-04-01", "churn", -1200.0)],
    "late_events": [("2024-07-01", "new", 2400.0), ("2025-06-01", "expansion", 1200.0)],
    "hole": [NEW, ("2025-01-01", "expansion", 6000.0)],
    "cancels_ahead": [NEW],
    "cancel_passed": [NEW, ("2025-03-01", "churn", -1200.0)],
    "cancel_withdrawn": [NEW],
    "customer_deleted": [NEW, ("2025-03-01", "churn", -1200.0)],
    "customer_told": [NEW, ("2025-03-01", "churn", -1200.0)],
    "unassigned": [("2024-07-01", "new", 2400.0), ("2025-06-01", "contraction", -1200.0)],
    "trial_over": [],
    "never_started": [],
    "schedule_ahead": [NEW],
    "update_pending": [("2024-07-01", "new", 2400.0)],
    "zombie": [NEW, ("2025-01-01", "churn", -1200.0)],
    "test_mode": [],
    "trial_paused": [],
    "paused_and_back": PAUSE,
    "pause_keep_as_draft": PAUSE,
    "pause_mark_uncollectible": PAUSE,
    "pause_void": PAUSE,
    "trial_then_paid": [AFTER_TRIAL],
    "trial_cancel": [],
    "trial_invoice": [AFTER_TRIAL],
    "expired": [],
    "unpaid_and_back": [
        NEW,
        ("2024-09-01", "churn", -1200.0),
        ("2024-11-01", "reactivation", 1200.0),
    ],
    "unpaid_then_asked": [NEW, ("2024-09-01", "churn", -1200.0)],
}
# What is said about whom; the others are sound accounts, and nothing is said of them.
GAPS = {
    "missed_deletion": {"event_missing": "status active -> canceled"},
    "missed_seats": {"event_missing": "quantity 1 -> si_missed_seats price price_100 quantity 4"},
    "missed_unpaid": {"event_missing": "status active -> unpaid"},
    "missed_pause": {"event_missing": "(paused since"},
    "missed_expiry": {"event_missing": "incomplete_expired"},
    "missed_trial_end": {"event_missing": "it counts from 2024-08-15 on"},
    "missed_payment": {"event_missing": "status incomplete -> active"},
    "no_object": {"object_missing": "active by its last event of 2024-07-01"},
    "no_events": {"history_untold": "from 2024-07-01 to 2025-06-30"},
    "no_events_gone": {"history_untold": "from 2024-07-01 to 2025-04-01"},
    "late_events": {"history_untold": "from 2024-07-01 to 2025-06-10"},
    "hole": {
        "event_missing": "quantity 4, the one before it left si_hole price price_100 quantity 1"
    },
    "cancel_passed": {"end_untold": "to be cancelled on 2025-03-01"},
    "customer_gone": {"end_untold": "cus_gone was deleted"},
    "customer_deleted": {"end_untold": "deleted by 2025-03-10"},
    "trial_over": {"trial_end_untold": "over on 2024-08-01", "object_missing": "trialing"},
    "never_started": {"start_untold": "incomplete since 2024-07-01"},
    "zombie": {"status_unknown": "'zombie', which is not one of incomplete, "},
}
# Date, reason, is_voluntary and detail of a churn.
CHURNS = {
    "unpaid_and_back": ("2024-09-22", "payment_failed", False, None),
    "unpaid_then_asked": ("2024-09-22", "payment_failed", False, None),
    "asked": ("2025-01-10", "price", True, "Sorry"),
    "dunned_without_reason": ("2025-01-10", "payment_failed", False, None),
    "disputed_says_stripe": ("2025-01-10", "dispute", False, None),
    "dispute_lost": ("2025-01-10", "dispute", False, "Sorry"),
    "dispute_won": ("2025-01-10", "price", True, "Sorry"),
    "dispute_inquiry": ("2025-01-10", "price", True, "Sorry"),
    "dispute_odd": ("2025-01-10", "price", True, "Sorry"),
    "update_and_delete": ("2025-02-10", "payment_failed", False, None),
    "customer_deleted": ("2025-03-10", "unknown", True, None),
    "customer_told": ("2025-03-10", "unknown", True, None),
}


def company(folder: Path, *, is_newest_first: bool) -> Built:
    """The company of all situations."""
    export = StripeExport(folder / "exports")
    for part in ALL:
        part(export)
    paths = export.write(is_newest_first=is_newest_first)
    made = build(folder / "home", paths, sources=SOURCES, targets=TARGETS)
    assert made.load_errors == {}
    return made


@pytest.fixture(scope="module", params=[True, False], ids=["newest_first", "oldest_first"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    """The company, its events in either order in the file."""
    made = company(tmp_path_factory.mktemp("stripe_states"), is_newest_first=request.param)
    yield made
    made.connection.close()


def gaps(built: Built, object_id: str) -> dict[str, str]:
    """Codes of the gaps of an object with what they say."""
    return dict(
        built.rows(
            "select gap, what_is_missing from intermediate.int_stripe_state_gaps"
            " where object_id = ? and severity <> 'info'",
            object_id,
        )
    )


@pytest.mark.parametrize("account", MOVEMENTS)
def test_arr_moves_as_the_subscription_did(built: Built, account: str) -> None:
    assert built.movements(account) == MOVEMENTS[account]


def test_a_gap_names_the_subscription_and_sound_accounts_are_quiet(built: Built) -> None:
    accounts = {
        row[0].removeprefix("sub_")
        for row in built.rows("select subscription_id from facts.fct_subscription")
    }
    assert accounts >= GAPS.keys()
    for account in accounts:
        found = gaps(built, f"sub_{account}")
        expected = GAPS.get(account, {})
        assert found.keys() == expected.keys(), (account, found)
        for gap, words in expected.items():
            assert words in found[gap] and f"sub_{account}" in found[gap], found


@pytest.mark.parametrize("account", CHURNS)
def test_a_churn_keeps_what_it_had(built: Built, account: str) -> None:
    assert built.rows(
        "select cast(churn_date as varchar), reason, is_voluntary, reason_detail"
        " from facts.fct_churn_event where account_id = ?",
        account,
    ) == [CHURNS[account]]


def test_severities_are_errors_only_where_arr_is_unknown(built: Built) -> None:
    assert built.rows(
        "select severity, gap, count(*) from intermediate.int_stripe_state_gaps"
        " where severity <> 'warning' group by all order by all"
    ) == [
        ("error", "status_unknown", 1),
        ("info", "object_outdated", 2),
        ("info", "test_mode", 1),
    ]


def test_what_no_subscription_is_about_is_named(built: Built) -> None:
    assert "not delivered" in gaps(built, "cus_missing")["customer_unknown"]
    assert "was deleted and never delivered" in gaps(built, "cus_gone")["customer_unknown"]
    assert gaps(built, "cus_customer_told") == {}
    assert "'strange'" in gaps(built, "dp_dispute_odd")["dispute_status_unknown"]


def test_each_day_of_a_moved_subscription_is_the_customer_of_that_day(built: Built) -> None:
    assert built.rows(
        "select customer_id, cast(valid_from as varchar), cast(valid_to as varchar)"
        " from intermediate.int_stripe_subscription_states where subscription_id = 'sub_moved_from'"
        " order by valid_from"
    ) == [
        ("cus_moved_from", "2024-07-01", "2025-01-15"),
        ("cus_moved_to", "2025-01-15", None),
    ]


def test_a_request_to_cancel_ends_with_the_subscription(built: Built) -> None:
    assert built.rows(
        "select subscription_id, cast(valid_from as varchar), cast(valid_to as varchar)"
        " from intermediate.int_stripe_cancel_requests order by all"
    ) == [
        ("sub_cancel_passed", "2025-02-01", "2025-03-01"),
        ("sub_cancels_ahead", "2025-05-01", None),
    ]


def test_a_customer_deleted_later_keeps_its_account(tmp_path: Path) -> None:
    export = StripeExport(tmp_path / "exports")
    row = export.subscription("known")
    export.life(row, [("2025-02-01", {"status": "canceled", "ended_at": unix("2025-02-01")})])
    build(tmp_path / "home", export.write(), sources=SOURCES, targets=TARGETS).connection.close()
    export.tables["customers"] = [{"id": "cus_known", "object": "customer", "deleted": True}]
    made = build(tmp_path / "home", export.write(), sources=SOURCES, targets=TARGETS, deliveries=2)
    assert made.load_errors == {}
    assert made.movements("known") == [NEW, ("2025-02-01", "churn", -1200.0)]
    assert gaps(made, "sub_known") == {} and gaps(made, "cus_known") == {}
    made.connection.close()


def test_an_export_of_test_mode_alone_says_so(tmp_path: Path) -> None:
    export = StripeExport(tmp_path / "exports")
    export.life(export.subscription("tried", livemode=False), [])
    made = build(tmp_path / "home", export.write(), sources=SOURCES, targets=TARGETS)
    assert made.rows("select * from facts.fct_account_month where account_id = 'tried'") == []
    severity, says = made.rows(
        "select severity, what_is_missing from intermediate.int_stripe_state_gaps"
    )[0]
    assert severity == "error" and "all is test mode" in says
    made.connection.close()


def test_one_bad_row_does_not_stop_a_table(tmp_path: Path) -> None:
    export = StripeExport(tmp_path / "exports")
    export.life(export.subscription("sound"), [])
    export.tables["customers"].append({"id": "cus_gone", "deleted": True})
    export.tables["products"].append({"id": "prod_gone", "deleted": True})
    export.tables["subscriptions"].append({"id": "sub_bare", "deleted": True})
    export.tables["events"].append(
        {
            "id": "evt_thin",
            "type": "customer.subscription.updated",
            "created": unix("2025-01-01"),
            "data": {"object": {}},
        }
    )
    made = build(tmp_path / "home", export.write(), sources=SOURCES, targets=TARGETS)
    assert made.load_errors == {}
    assert made.movements("sound") == [NEW]
    assert "customer is required" in made.said()
    assert "names no subscription" in gaps(made, "evt_thin")["event_unreadable"]
    assert made.failing_tests() == []
    made.connection.close()


def test_a_policy_can_call_a_dispute_voluntary(tmp_path: Path) -> None:
    export = StripeExport(tmp_path / "exports")
    churns(export)
    made = build(
        tmp_path / "home",
        export.write(),
        sources=SOURCES,
        targets=TARGETS,
        variables={"dispute_policy": "voluntary"},
    )
    assert (
        made.rows(
            "select reason, is_voluntary from facts.fct_churn_event"
            " where account_id in ('dispute_lost', 'disputed_says_stripe')"
        )
        == [("dispute", True)] * 2
    )
    made.connection.close()
