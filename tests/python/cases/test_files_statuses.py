"""Statuses, intervals and other words of other systems: right, or refused by name.

The class of case R18. One company holds a subscription of each kind; all are of 100 a month from
2025-01-01 on, seen as of 2025-06-30.
"""

from pathlib import Path

import pytest

from orchestration.loads.vocabulary import words_of
from tests.python.cases.company import Built, build
from tests.python.cases.files_company import accounts, one_line_each, write

MEANINGS = {
    "active", "trialing", "past_due", "paused", "unpaid", "non_renewing", "canceled", "ended",
    "future", "draft",
}  # fmt: skip
HEADER = (
    "subscription_id,account_id,status,started_at,ended_at,current_term_start,current_term_end,"
    "cancel_requested_at,paused_from,paused_until,is_trial,updated_at"
)
# Account: status, then the columns after started_at that say something.
SUBSCRIPTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "live": ("Live", {}),
    "aktiv": ("Aktiv", {}),
    "dunning": ("dunning", {}),
    "grace": ("Grace Period", {}),
    "not_renewing": ("NON-RENEWING", {"current_term_end": "2026-01-01"}),
    "pending_cancel": ("pending-cancel", {"current_term_end": "2025-05-01"}),
    "leaving_some_day": ("non-renewing", {"updated_at": "2025-05-05T10:00:00Z"}),
    "in_trial": ("IN_TRIAL", {}),
    "trial": ("free trial", {}),
    "flagged_trial": ("active", {"is_trial": "true"}),
    "paused_dated": ("Paused", {"paused_from": "2025-04-10"}),
    "paused_updated": ("on-hold", {"updated_at": "2025-05-05T10:00:00Z"}),
    "paused_no_day": ("suspended", {}),
    "paused_over": ("paused", {"paused_from": "2025-02-10", "paused_until": "2025-03-10"}),
    "pause_ahead": ("active", {"paused_from": "2025-09-01"}),
    "paused_once": ("active", {"paused_from": "2025-02-10", "paused_until": "2025-04-10"}),
    "future": ("Scheduled", {}),
    "draft": ("In Approval", {}),
    "pending": ("pending", {}),
    "cancelled": ("cancelled", {"ended_at": "2025-03-10T00:00:00Z"}),
    "canceled_term": ("Canceled", {"current_term_end": "2025-03-10"}),
    "canceled_ahead": ("canceled", {"current_term_end": "2026-01-01"}),
    "terminated_ahead": (
        "Terminated",
        {"current_term_end": "2026-01-01", "updated_at": "2025-03-10T00:00:00Z"},
    ),
    "lapsed_asked": ("lapsed", {"cancel_requested_at": "2025-03-10T09:00:00Z"}),
    "expired_no_day": ("expired", {"current_term_start": "2025-02-10"}),
    "deleted_no_day": ("deleted", {}),
    "unpaid": ("Not paid", {"updated_at": "2025-03-10T09:00:00Z"}),
    "active_but_ended": ("active", {"ended_at": "2025-03-10T00:00:00Z"}),
    "strange": ("wibble", {}),
    "no_item": ("active", {}),
}


def rows() -> str:
    columns = HEADER.split(",")[4:]
    lines = [
        ",".join(
            [f"s_{name}", name, status, "2025-01-01T00:00:00Z", *map(more.get, columns, [""] * 8)]
        )
        for name, (status, more) in SUBSCRIPTIONS.items()
    ]
    return "\n".join([HEADER, *lines])


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = write(
        tmp_path_factory.mktemp("statuses") / "files",
        {
            "accounts": accounts([*SUBSCRIPTIONS]),
            "subscriptions": rows(),
            "subscription_items": one_line_each(
                [name for name in SUBSCRIPTIONS if name != "no_item"]
            ),
        },
    )
    targets = ("fct_account_month", "fct_subscription", "int_files_contract_gaps")
    return build(folder.parent / "home", {"files": folder}, targets=targets)


def gaps(company: Built, name: str) -> dict[str, tuple[str, float | None]]:
    found = company.rows(
        "select gap, severity, cast(arr_affected as double)"
        " from intermediate.int_files_contract_gaps where object_id = ?",
        f"s_{name}",
    )
    return {gap: (severity, arr) for gap, severity, arr in found}


@pytest.mark.parametrize(
    "name", ["live", "aktiv", "dunning", "grace", "not_renewing", "pause_ahead"]
)
def test_a_subscription_that_is_paid_counts_and_is_quiet(company: Built, name: str) -> None:
    assert company.arr(name) == 1200
    assert company.movements(name) == [("2025-01-01", "new", 1200)]
    assert gaps(company, name) == {}


@pytest.mark.parametrize("name", ["in_trial", "trial", "draft", "pending"])
def test_what_is_not_paid_yet_has_no_arr_and_is_quiet(company: Built, name: str) -> None:
    assert not company.arr(name)
    assert company.movements(name) == []
    assert gaps(company, name) == {}


@pytest.mark.parametrize(
    ("name", "gap"),
    [
        ("flagged_trial", "trial_or_active"),
        ("paused_no_day", "pause_unknown"),
        ("future", "not_started"),
        ("deleted_no_day", "end_unknown"),
    ],
)
def test_what_has_no_arr_for_want_of_a_day_is_named(company: Built, name: str, gap: str) -> None:
    assert not company.arr(name)
    assert company.movements(name) == []
    assert gaps(company, name) == {gap: ("warning", 1200)}


@pytest.mark.parametrize(
    ("name", "month", "movement", "gap"),
    [
        ("paused_dated", "2025-04-01", "contraction", None),
        ("paused_updated", "2025-05-01", "contraction", "pause_first_seen"),
        ("paused_over", "2025-02-01", "contraction", "paused_beyond_its_end"),
        ("cancelled", "2025-03-01", "churn", None),
        ("canceled_term", "2025-03-01", "churn", None),
        ("pending_cancel", "2025-05-01", "churn", None),
        ("terminated_ahead", "2025-03-01", "churn", "end_first_seen"),
        ("lapsed_asked", "2025-03-01", "churn", None),
        ("expired_no_day", "2025-02-01", "churn", "end_unknown"),
        ("unpaid", "2025-03-01", "churn", "end_first_seen"),
        ("active_but_ended", "2025-03-01", "churn", "ended_but_active"),
    ],
)
def test_what_stopped_stopped_on_its_day(
    company: Built, name: str, month: str, movement: str, gap: str | None
) -> None:
    assert company.movements(name) == [("2025-01-01", "new", 1200), (month, movement, -1200)]
    assert gaps(company, name) == ({gap: ("warning", 1200)} if gap else {})


def test_what_will_not_renew_and_has_no_end_is_named(company: Built) -> None:
    assert company.arr("leaving_some_day") == 1200
    assert gaps(company, "leaving_some_day") == {"end_not_told": ("warning", 1200)}


def test_a_pause_that_is_over_resumes(company: Built) -> None:
    assert company.movements("paused_once") == [
        ("2025-01-01", "new", 1200),
        ("2025-02-01", "contraction", -1200),
        ("2025-04-01", "expansion", 1200),
    ]


def test_what_is_canceled_within_its_term_counts_to_its_end_and_is_named(company: Built) -> None:
    assert company.arr("canceled_ahead") == 1200
    assert gaps(company, "canceled_ahead") == {"canceled_in_its_term": ("warning", 1200)}


def test_a_status_that_is_not_known_is_refused_with_the_words_that_are(company: Built) -> None:
    ((reason, key),) = company.rows(
        "select reason, row_key from raw_files.rejects where source_table = 'subscriptions'"
    )
    assert key == "s_strange"
    assert reason.startswith("status 'wibble' is not known; known are: active, live,")
    assert "seeds/vocabulary.csv (field subscription_status)" in reason
    assert gaps(company, "strange")["row_rejected"] == ("error", None)
    # And what hangs on it is named with what it is worth.
    assert company.rows(
        "select object_id, cast(arr_affected as double) from intermediate.int_files_contract_gaps"
        " where gap = 'subscription_unknown'"
    ) == [("i_strange", 1200)]


def test_a_subscription_without_items_is_an_error(company: Built) -> None:
    assert gaps(company, "no_item") == {"no_lines": ("error", 0)}


def test_the_fact_speaks_one_language(company: Built) -> None:
    found = dict(
        company.rows("select account_id, status from facts.fct_subscription order by account_id")
    )
    assert found["dunning"] == "past_due"
    assert found["terminated_ahead"] == found["canceled_ahead"] == "canceled"
    assert found["not_renewing"] == "active"
    assert set(found.values()) <= {
        "active", "trialing", "past_due", "paused", "unpaid", "canceled", "future", "incomplete",
    }  # fmt: skip


def test_every_word_of_a_status_has_a_meaning_that_models_know() -> None:
    assert set(words_of("subscription_status").values()) == MEANINGS


def test_words_of_every_vendor_are_known() -> None:
    words = words_of("subscription_status")
    vendors = {
        "stripe": "incomplete incomplete_expired trialing active past_due canceled unpaid paused",
        "chargebee": "future in_trial active non_renewing paused cancelled transferred",
        "recurly": "active canceled expired failed future paused",
        "maxio": "pending failed_to_create trialing assessing active soft_failure past_due"
        " suspended canceled expired paused unpaid trial_ended on_hold awaiting_signup",
        "zuora": "draft pending_activation pending_acceptance active cancelled suspended expired",
        "woocommerce": "pending active on_hold cancelled switched expired pending_cancel",
        "paddle": "active canceled past_due paused trialing deleted",
        "paypal": "approval_pending approved active suspended cancelled expired",
        "shopify": "active cancelled expired failed paused stale",
        "braintree": "active canceled expired past_due pending",
        "razorpay": "created authenticated active pending halted cancelled completed expired"
        " paused",
        "salesforce": "draft in_approval_process activated terminated expired",
        "hubspot": "active past_due canceled expired scheduled paused unpaid",
    }
    for vendor, statuses in vendors.items():
        assert not {word for word in statuses.split() if word not in words}, vendor


@pytest.mark.long
def test_past_due_is_churn_from_the_day_it_is_known(tmp_path: Path) -> None:
    updated = {"late": "2025-05-10T00:00:00Z", "planned": "2025-05-10T00:00:00Z", "undated": ""}
    built = build(
        tmp_path / "home",
        {
            "files": write(
                tmp_path / "files",
                {
                    "accounts": accounts(["late", "planned", "undated"]),
                    "subscriptions": "\n".join(
                        [
                            "subscription_id,account_id,status,started_at,updated_at",
                            *(
                                f"s_{name},{name},past_due,2025-01-01,{day}"
                                for name, day in updated.items()
                            ),
                        ]
                    ),
                    "subscription_items": """
                        subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval,valid_to
                        i_late,s_late,2025-01-01,1,100,month,
                        i_planned,s_planned,2025-01-01,1,100,month,2026-12-31
                        i_undated,s_undated,2025-01-01,1,100,month,
                    """,
                },
            )
        },
        targets=("fct_account_month", "int_files_contract_gaps"),
        variables={"delinquent_policy": "past_due_is_churn"},
    )
    for name in ("late", "planned"):
        assert built.movements(name) == [
            ("2025-01-01", "new", 1200),
            ("2025-05-01", "churn", -1200),
        ]
        assert gaps(built, name) == {}
    assert built.movements("undated") == []
    assert gaps(built, "undated") == {"past_due_unknown": ("warning", 1200)}
