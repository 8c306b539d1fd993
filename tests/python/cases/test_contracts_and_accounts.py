"""Variants of the cases of contracts and accounts: overlaps, terms, lines below 0, owners.

Small companies made up here; figures by hand from docs/metrics.md, as of 2025-06-30.
"""

from pathlib import Path

import pytest

from .company import Built, build

HEADERS = {
    "accounts": "account_id,account_name,segment,created_at,is_deleted",
    "subscriptions": "subscription_id,account_id,status,started_at,ended_at,current_term_start,"
    "current_term_end,auto_renew,paused_from,paused_until",
    "subscription_items": "subscription_item_id,subscription_id,valid_from,valid_to,quantity,"
    "unit_amount,billing_interval,product_id,discount_percent,plan_id",
    "products": "product_id,product_name,is_core",
    "invoices": "invoice_id,account_id,status,issued_at,total,currency",
    "invoice_lines": "invoice_line_id,invoice_id,amount,period_start,period_end,subscription_id,"
    "is_recurring",
}


def write(folder: Path, rows: dict[str, list[str]]) -> Path:
    """Write a delivery of files; a short row ends in empty columns."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, lines in rows.items():
        columns = HEADERS[table].count(",")
        padded = [line + "," * (columns - line.count(",")) for line in lines]
        text = "\n".join([HEADERS[table], *padded, ""])
        (folder / f"{table}.csv").write_text(text, encoding="utf-8")
    return folder


CONTRACTS = {
    "accounts": [
        *(
            f"{name},{name},SMB,2023-01-01T00:00:00Z"
            for name in (
                "below",
                "gathered",
                "beside",
                "cross",
                "stale",
                "renews",
                "billed",
                "free",
                "unpriced",
                "expiry",
                "switched",
                "partly",
                "monthly",
                "ramp",
                "late",
            )
        ),
        "deleted,deleted,SMB,2023-01-01T00:00:00Z,true",
        "0015g00000Vm009AAV,Salesforce,SMB,2023-01-01T00:00:00Z",
    ],
    "subscriptions": [
        "below_1,below,active,2024-01-01T00:00:00Z",
        "below_2,below,active,2024-06-15T00:00:00Z,2024-11-10T00:00:00Z",
        "gathered_1,gathered,expired,2024-01-01T00:00:00Z,2025-01-01T00:00:00Z,2024-01-01,2025-01-01",
        "gathered_2,gathered,expired,2024-01-15T00:00:00Z,2025-01-15T00:00:00Z,2024-01-15,2025-01-15",
        "gathered_3,gathered,active,2025-01-01T00:00:00Z,,2025-01-01,2026-01-01",
        "beside_1,beside,expired,2023-01-01T00:00:00Z,2025-01-01T00:00:00Z,2024-01-01,2025-01-01",
        "beside_2,beside,active,2024-02-01T00:00:00Z,,2025-02-01,2026-02-01",
        "cross_1,cross,expired,2024-01-01T00:00:00Z,2025-01-01T00:00:00Z,2024-01-01,2025-01-01",
        "cross_2,cross,active,2024-12-01T00:00:00Z,,2024-12-01,2025-12-01",
        "stale_1,stale,active,2023-01-01T00:00:00Z,,2023-01-01,2024-01-01,false",
        "renews_1,renews,active,2023-01-01T00:00:00Z,,2023-01-01,2024-01-01,true",
        "billed_1,billed,active,2023-01-01T00:00:00Z,,2023-01-01,2024-01-01",
        "free_1,free,active,2024-01-01T00:00:00Z",
        "deleted_1,deleted,active,2024-01-01T00:00:00Z",
        "expiry_1,expiry,active,2024-01-01T00:00:00Z",
        "switched_1,switched,active,2023-01-01T00:00:00Z",
        "unpriced_1,unpriced,active,2024-01-01T00:00:00Z",
        "partly_1,partly,expired,2024-01-01T00:00:00Z,2025-01-01T00:00:00Z,2024-01-01,2025-01-01",
        "partly_2,partly,active,2024-11-15T00:00:00Z,,2024-11-15,2025-11-15",
        "monthly_1,monthly,canceled,2024-01-01T00:00:00Z,2025-03-10T00:00:00Z",
        "monthly_2,monthly,active,2025-02-20T00:00:00Z",
        "ramp_1,ramp,active,2023-07-01T00:00:00Z,,2023-07-01,2026-07-01",
        "short_id,0015g00000Vm009,active,2025-01-01T00:00:00Z",
        "late_1,late,active,2024-01-01T00:00:00Z",
        "late_2,late,active,2024-02-01T00:00:00Z,,,,,2024-02-01,2024-06-10",
    ],
    "subscription_items": [
        "i1,below_1,2024-01-01,,1,100,month",
        "i2,below_2,2024-06-15,,1,-120,month",
        "i3,gathered_1,2024-01-01,,1,12000,year",
        "i4,gathered_2,2024-01-15,,1,6000,year",
        "i5,gathered_3,2025-01-01,,1,20000,year",
        "i6,beside_1,2023-01-01,,1,12000,year",
        "i7,beside_2,2024-02-01,,1,5000,year",
        "i8,cross_1,2024-01-01,,1,12000,year,p1",
        "i9,cross_2,2024-12-01,,1,5000,year,p2",
        "i10,stale_1,2023-01-01,,1,12000,year",
        "i11,renews_1,2023-01-01,,1,12000,year",
        "i12,billed_1,2023-01-01,,1,1000,month",
        "i13,free_1,2024-01-01,2024-08-01,1,100,month",
        "i13,free_1,2024-08-01,2024-10-01,1,100,month,,100",
        "i13,free_1,2024-10-01,,1,100,month",
        "i14,deleted_1,2024-01-01,,1,100,month",
        "i15,expiry_1,2024-01-01,,1,12000,year",
        "i16,expiry_1,2024-03-01,2025-03-01,1,-2000,year",
        "i17,switched_1,2023-01-01,,1,1000,month",
        "i17,switched_1,2024-07-01,,1,10000,year",
        "i18,unpriced_1,2024-01-01,,1,100,month",
        "i18,unpriced_1,2024-05-01,,1,0,month",
        "i18,unpriced_1,2024-06-01,,1,100,month",
        "i19,partly_1,2024-01-01,,1,8000,year,p1",
        "i20,partly_1,2024-01-01,,1,2000,year,p2",
        "i21,partly_2,2024-11-15,,1,9000,year,p1",
        "i22,monthly_1,2024-01-01,,1,100,month",
        "i23,monthly_2,2025-02-20,,1,150,month",
        "i24,ramp_1,2023-07-01,2024-07-01,1,12000,year",
        "i24,ramp_1,2024-07-01,2025-07-01,1,24000,year",
        "i24,ramp_1,2025-07-01,,1,36000,year",
        "i25,short_id,2025-01-01,,1,100,month",
        "i26,late_1,2024-01-01,,1,100,month,p1",
        "i27,late_2,2024-02-01,,1,50,month,p2",
    ],
    "products": ["p1,One,true", "p2,Two,false"],
    "invoices": ["v1,billed,paid,2024-12-01T00:00:00Z,1000,USD"],
    "invoice_lines": ["l1,v1,1000,2024-12-01,2025-01-01,billed_1,true"],
}
CLIMB = [
    ("2024-01-01", "new", 12000.0),
    ("2024-03-01", "contraction", -2000.0),
    ("2025-03-01", "expansion", 2000.0),
]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("contracts")
    return build(folder / "home", {"files": write(folder / "files", CONTRACTS)})


def subtypes(built: Built, account: str, month: str) -> list[tuple[str, float]]:
    return built.rows(
        "select subtype, cast(sum(arr_delta) as double) from facts.fct_arr_movement"
        " where account_id = ? and month = cast(? as date) group by 1 order by 1",
        account,
        month,
    )


def renewals(built: Built, account: str) -> list[tuple[str, str, str, float | None]]:
    return built.rows(
        "select subscription_id, cast(due_on as varchar), outcome, cast(renewed_arr as double)"
        " from facts.fct_renewal where account_id = ? order by due_on, subscription_id",
        account,
    )


def gap(built: Built, object_id: str) -> tuple[str, float | None] | None:
    found = built.rows(
        "select gap, cast(arr_affected as double) from facts.fct_data_gap where object_id = ?",
        object_id,
    )
    return found[0] if found else None


def test_an_account_is_never_below_zero(company: Built) -> None:
    assert company.movements("below") == [
        ("2024-01-01", "new", 1200),
        ("2024-06-01", "churn", -1200),
        ("2024-11-01", "reactivation", 1200),
    ]
    assert gap(company, "below") == ("account_below_zero", 240)


def test_a_discount_line_that_ends_is_an_expiry(company: Built) -> None:
    assert company.movements("expiry") == CLIMB
    assert subtypes(company, "expiry", "2024-03-01") == [("discount", -2000)]
    assert subtypes(company, "expiry", "2025-03-01") == [("discount_expiry", 2000)]


def test_several_contracts_are_renewed_by_one(company: Built) -> None:
    assert company.movements("gathered") == [
        ("2024-01-01", "new", 18000),
        ("2025-01-01", "expansion", 2000),
    ]
    assert renewals(company, "gathered") == [
        ("gathered_1", "2025-01-01", "expanded", 13333.33),
        ("gathered_2", "2025-01-15", "expanded", 6666.67),
        ("gathered_3", "2026-01-01", "pending", None),
    ]
    assert gap(company, "gathered_2") == ("renewed_before_it_was_over", 6000)
    assert gap(company, "gathered_1") is None


def test_what_runs_beside_for_long_renews_nothing(company: Built) -> None:
    assert company.arr("beside", "2024-12-01") == 17000
    assert ("beside_1", "2025-01-01", "churned", 0) in renewals(company, "beside")
    assert gap(company, "beside_1") is None


def test_another_product_renews_nothing(company: Built) -> None:
    assert company.arr("cross", "2024-12-01") == 17000
    assert ("cross_1", "2025-01-01", "churned", 0) in renewals(company, "cross")


def test_only_the_product_that_was_renewed_is_left_out(company: Built) -> None:
    assert company.arr("partly", "2024-11-01") == 9000 + 2000
    assert company.arr("partly", "2025-01-01") == 9000
    assert ("partly_1", "2025-01-01", "contracted", 9000) in renewals(company, "partly")


def test_a_monthly_contract_that_is_replaced_counts_once(company: Built) -> None:
    assert company.movements("monthly") == [
        ("2024-01-01", "new", 1200),
        ("2025-02-01", "expansion", 600),
    ]
    assert renewals(company, "monthly") == []


def test_a_stale_term_is_unconfirmed_unless_it_renews_by_itself_or_was_billed(
    company: Built,
) -> None:
    assert renewals(company, "stale") == [("stale_1", "2024-01-01", "pending", None)]
    assert company.arr("stale") == 12000
    assert gap(company, "stale_1") == ("renewal_unconfirmed", 12000)
    assert renewals(company, "renews") == [
        ("renews_1", "2024-01-01", "renewed", 12000),
        ("renews_1", "2025-01-01", "renewed", 12000),
        ("renews_1", "2026-01-01", "pending", None),
    ]
    assert gap(company, "renews_1") is None
    assert renewals(company, "billed") == [
        ("billed_1", "2024-01-01", "renewed", 12000),
        ("billed_1", "2025-01-01", "pending", None),
    ]


def test_an_interval_that_changes_begins_terms_of_its_own(company: Built) -> None:
    assert renewals(company, "switched") == [("switched_1", "2025-07-01", "pending", None)]
    assert subtypes(company, "switched", "2024-07-01") == [("plan", -2000)]


def test_what_was_never_paid_is_not_resumed(company: Built) -> None:
    assert subtypes(company, "late", "2024-06-01") == [("cross_sell", 600)]


@pytest.mark.parametrize(("account", "month"), [("free", "2024-08-01"), ("unpriced", "2024-05-01")])
def test_free_time_is_a_discount(company: Built, account: str, month: str) -> None:
    moved = company.movements(account)
    assert [movement for _, movement, _ in moved] == ["new", "contraction", "expansion"]
    assert subtypes(company, account, month) == [("discount", -1200)]
    assert subtypes(company, account, moved[2][0]) == [("discount", 1200)]


def test_a_step_that_is_signed_belongs_to_carr(company: Built) -> None:
    assert company.arr("ramp") == 24000
    assert company.rows(
        "select cast(contracted_arr as double) from facts.fct_contracted_arr_month"
        " where account_id = 'ramp' and month in (date '2023-07-01', date '2025-06-01')"
        " order by month"
    ) == [(24000,), (12000,)]


def test_a_deleted_account_that_pays_is_named(company: Built) -> None:
    assert company.arr("deleted") == 1200
    assert gap(company, "deleted") == ("deleted_account_pays", 1200)
    assert company.arr("unassigned") is None


def test_an_account_id_of_15_characters_is_the_one_of_18(company: Built) -> None:
    assert company.arr("0015g00000Vm009AAV") == 1200


def test_the_company_is_sound(company: Built) -> None:
    assert company.failing_tests() == []


@pytest.mark.long
def test_overlap_policy_both_adds_them(tmp_path: Path) -> None:
    files = write(tmp_path / "files", CONTRACTS)
    built = build(tmp_path / "home", {"files": files}, variables={"overlap_policy": "both"})
    assert built.arr("partly", "2024-11-01") == 19000
    assert ("partly_1", "2025-01-01", "contracted", 9000) in renewals(built, "partly")
    assert gap(built, "partly_1") == ("renewed_before_it_was_over", 8000)
    assert built.failing_tests() == []


def test_a_subscription_that_moves_is_a_transfer(tmp_path: Path) -> None:
    accounts = [f"{name},{name},SMB,2023-01-01T00:00:00Z" for name in ("giver", "taker")]
    first = {
        "accounts": accounts,
        "subscriptions": ["s1,giver,active,2024-01-01T00:00:00Z"],
        "subscription_items": ["i1,s1,2024-01-01,,1,100,month"],
    }
    second = first | {"subscriptions": ["s1,taker,active,2024-01-01T00:00:00Z"]}
    home = tmp_path / "home"
    built = build(home, {"files": write(tmp_path / "files", first)})
    assert built.arr("giver", "2025-05-01") == 1200
    built.connection.close()
    built = build(home, {"files": write(tmp_path / "files", second)}, deliveries=2)
    assert built.arr("giver", "2025-05-01") == 1200
    assert built.arr("taker") == 1200
    assert built.rows(
        "select account_id, movement, cast(transfer_arr as double) from facts.fct_account_month"
        " where transfer_arr <> 0 order by 1"
    ) == [("giver", "none", -1200), ("taker", "unchanged", 1200)]
    assert subtypes(built, "giver", "2025-06-01") == [("transfer", -1200)]
    assert built.rows("select account_id from facts.fct_churn_event") == []
    assert built.failing_tests() == []


def test_a_pause_is_no_lost_renewal(tmp_path: Path) -> None:
    names = ("after", "that_day")
    tables = {
        "accounts": [f"{name},{name},SMB,2023-01-01T00:00:00Z" for name in names],
        "subscriptions": [
            "s1,after,active,2024-05-01T00:00:00Z,,,,,2025-05-10,",
            "s2,that_day,active,2024-05-01T00:00:00Z,,,,,2025-05-01,",
        ],
        "subscription_items": [f"i{n},s{n},2024-05-01,,1,1200,year" for n in (1, 2)],
    }
    built = build(tmp_path / "home", {"files": write(tmp_path / "files", tables)})
    assert renewals(built, "after") == [("s1", "2025-05-01", "renewed", 1200)]
    assert renewals(built, "that_day") == [("s2", "2025-05-01", "paused", 0)]
    assert built.failing_tests() == []
