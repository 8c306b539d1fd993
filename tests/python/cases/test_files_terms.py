"""Words, ends, currencies and versions of contracts in files: each is right, or refused by name."""

from pathlib import Path

import pytest

from orchestration.home import Home, claim
from orchestration.loads.vocabulary import words_of
from orchestration.project import default_vars
from tests.python.cases.companies import FilesCompany
from tests.python.cases.company import Built, build
from tests.python.cases.files_company import accounts, write

TARGETS = (
    "fct_account_month",
    "fct_arr_movement",
    "int_files_contract_gaps",
    "int_fx_gaps",
    "fct_arr_line",
)
HEADER = (
    "subscription_item_id,subscription_id,valid_from,valid_to,quantity,unit_amount,"
    "billing_interval,interval_count,plan_id,discount_percent,discount_amount,discount_duration,"
    "discount_until,usage_type"
)
# Account: the columns of its item from valid_from on, and the ARR at the end of June 2025.
ITEMS: dict[str, tuple[str, float]] = {
    "monthly": ("2025-01-01,,1,100,Monthly,,,,,,,", 1200),
    "jaehrlich": ("2025-01-01,,1,1200,jährlich,,,,,,,", 1200),
    "per_annum": ("2025-01-01,,1,1200,p.a.,,,,,,,", 1200),
    "half": ("2025-01-01,,1,600,Semi-Annual,,,,,,,", 1200),
    "half_twice": ("2025-01-01,,1,1200,half yearly,2,,,,,,", 1200),
    "quarterly": ("2025-01-01,,1,300,every 3 months,,,,,,,", 1200),
    "biennial": ("2025-01-01,,1,2400,Biennial,,,,,,,", 1200),
    "fortnight": ("2025-01-01,,1,100,fortnightly,,,,,,,", 2600),
    "trimestriel": ("2025-01-01,,1,300,trimestriel,,,,,,,", 1200),
    "metered": ("2025-01-01,,1,100,month,,,,,,,Usage-Based", 1200),
    "temporal": ("2025-01-01,,1,100,month,,,50,,Limited Period,2025-03-01,", 1200),
    "single": ("2025-01-01,,1,100,month,,,50,,one-time,,", 1200),
    "permanent": ("2025-01-01,,1,100,month,,,50,,Permanent,,", 600),
    "no_duration": ("2025-01-01,,1,100,month,,,50,,,,", 600),
    "endless": ("2025-01-01,,1,100,month,,,50,,temporal,,", 600),
    "undone": ("2025-03-01,2025-03-01,1,900,month,,,,,,,", 0),
}  # fmt: skip
REFUSED = {
    "bimonthly": (
        "2025-01-01,,1,100,bimonthly,,,,,,,",
        "billing_interval 'bimonthly' is not known; known are: day, daily",
    ),
    "no_count": ("2025-01-01,,1,100,month,0,,,,,,", "interval_count '0' is out of range"),
    "above": ("2025-01-01,,1,100,month,,,120,,,,", "discount_percent '120' is out of range"),
    "below": ("2025-01-01,,1,100,month,,,,-5,,,", "discount_amount '-5' is out of range"),
    "odd_use": ("2025-01-01,,1,100,month,,,,,,,vibes", "usage_type 'vibes' is not known"),
    "odd_time": ("2025-01-01,,1,100,month,,,5,,fortnight,,", "discount_duration 'fortnight' is"),
    "backwards": (
        "2025-03-01,2024-03-01,1,100,month,,,,,,,",
        "valid_to 2024-03-01 is before valid_from 2025-03-01; correct one of them",
    ),
    "far_off": ("1925-01-01,,1,100,month,,,,,,,", "valid_from '1925-01-01' is implausibly far off"),
}  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    names = [*ITEMS, *REFUSED]
    rows = {name: row for name, (row, _) in [*ITEMS.items(), *REFUSED.items()]}
    subscriptions = [f"s_{name},{name},active,2025-01-01" for name in names if name != "undone"]
    folder = write(
        tmp_path_factory.mktemp("words") / "files",
        {
            "accounts": accounts(names),
            "subscriptions": "\n".join(
                [
                    "subscription_id,account_id,status,started_at",
                    *subscriptions,
                    "s_undone,undone,active,2025-03-01",
                ]
            ),
            "subscription_items": "\n".join(
                [HEADER, *(f"i_{name},s_{name},{row}" for name, row in rows.items())]
            ),
        },
    )
    return build(folder.parent / "home", {"files": folder}, targets=TARGETS)


@pytest.mark.parametrize("name", [*ITEMS])
def test_other_words_mean_the_same(company: Built, name: str) -> None:
    assert (company.arr(name) or 0) == ITEMS[name][1]


@pytest.mark.parametrize("name", [*REFUSED])
def test_what_is_not_understood_is_refused_by_name(company: Built, name: str) -> None:
    assert not company.arr(name)
    reasons = company.rows(
        "select reason from raw_files.rejects where row_key like ?", f"i_{name} %"
    )
    assert len(reasons) == 1
    assert REFUSED[name][1] in reasons[0][0]
    assert company.rows(
        "select severity from intermediate.int_files_contract_gaps"
        " where gap = 'row_rejected' and object_id like ?",
        f"i_{name} %",
    ) == [("error",)]


def test_only_what_is_open_is_named(company: Built) -> None:
    found = company.rows(
        "select object_id, gap from intermediate.int_files_contract_gaps"
        " where gap not in ('row_rejected', 'no_lines') order by all"
    )
    assert found == [("i_endless", "discount_end_unknown")]


def test_every_interval_is_a_number_of_known_units() -> None:
    for meaning in set(words_of("billing_interval").values()):
        count, _, unit = meaning.rpartition(" ")
        assert unit in {"day", "week", "month", "quarter", "year"}
        assert not count or int(count) > 1
    assert set(words_of("usage_type").values()) == {"licensed", "metered"}
    assert set(words_of("discount_duration").values()) == {"once", "repeating", "forever"}


ENDS = {
    "accounts": accounts(["e1", "e2", "e3"]),
    "subscriptions": """
        subscription_id,account_id,status,started_at,ended_at
        s1,e1,active,2024-01-01,
        s2a,e2,canceled,2024-01-01,2024-12-31
        s2b,e2,active,2025-01-01,
        s3a,e3,canceled,2024-02-01,2025-01-31
        s3b,e3,active,2025-02-01,
    """,
    "subscription_items": """
        subscription_item_id,subscription_id,valid_from,valid_to,quantity,unit_amount,billing_interval
        i1,s1,2024-01-01,2024-12-31,1,100,month
        i1,s1,2025-01-01,,2,100,month
        i2a,s2a,2024-01-01,,1,100,month
        i2b,s2b,2025-01-01,,1,100,month
        i3a,s3a,2024-02-01,,1,100,month
        i3b,s3b,2025-02-01,,1,100,month
    """,
}


def test_last_days_written_as_ends_are_seen_and_a_policy_repairs_them(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", ENDS)
    built = build(tmp_path / "home", {"files": folder}, targets=TARGETS)
    found = built.rows(
        "select object_type, gap, row_count, cast(arr_affected as double), what_is_missing, remedy"
        " from intermediate.int_files_contract_gaps order by 1"
    )
    assert [row[:4] for row in found] == [
        ("subscription_items", "ends_look_inclusive", 1, 1200),
        ("subscriptions", "ends_look_inclusive", 2, 2400),
    ]
    assert found[1][4].startswith("2 of 2 ends in subscriptions (ended_at and current_term_end)")
    assert "end_dates: inclusive in mapping.yml" in found[0][5]
    assert built.arr("e2", "2024-12-01") == 0
    built.connection.close()

    write(folder, {**ENDS, "mapping.yml": "version: 1\nend_dates: inclusive\n"})
    home = Home(tmp_path / "second")
    claim(home, source=folder)
    policy = home.vars_overrides(default_vars())
    assert policy.pop("sources")
    assert policy == {"end_dates": "inclusive"}
    built = build(home.path, {"files": folder}, targets=TARGETS, variables=policy)
    assert built.rows("from intermediate.int_files_contract_gaps") == []
    assert [built.arr(name, "2024-12-01") for name in ("e1", "e2", "e3")] == [1200] * 3
    assert built.movements("e1")[1:] == [("2025-01-01", "expansion", 1200)]
    assert built.movements("e2") == [("2024-01-01", "new", 1200)]
    assert built.movements("e3") == [("2024-02-01", "new", 1200)]


EURO = {
    "accounts": accounts(["eur", "usd", "yen", "none", "lost"]),
    "subscriptions": """
        subscription_id,account_id,status,started_at,currency
        s_eur,eur,active,2024-01-01,eur
        s_usd,usd,active,2024-01-01, USD
        s_yen,yen,active,2024-01-01,JPY
        s_none,none,active,2024-01-01,
        s_lost,lost,active,2024-01-01,CHF
    """,
    "subscription_items": """
        subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval,plan_id
        i_eur,s_eur,2024-01-01,1,100,month,
        i_usd,s_usd,2024-01-01,1,100,month,
        i_yen,s_yen,2024-01-01,1,10000,month,
        i_none,s_none,2024-01-01,1,100,month,
        i_lost,s_lost,2024-01-01,1,100,month,
    """,
    "fx_rates": "currency,valid_from,rate_to_reporting\nUSD,2024-01-01,0.5",
    "mapping.yml": "version: 1\nreporting_currency: eur\n",
}


def test_a_company_reports_in_the_currency_of_its_mapping(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", EURO)
    home = Home(tmp_path / "home")
    claim(home, source=folder)
    policy = home.vars_overrides(default_vars())
    assert policy.pop("sources")
    assert policy == {"reporting_currency": "EUR"}
    built = build(home.path, {"files": folder}, targets=TARGETS, variables=policy)
    assert built.arr("eur") == 1200
    # Its own rate wins over the seed's, which leads to dollars.
    assert built.arr("usd") == 600
    # Yen per euro come from yen and euro in dollars, both of 1 January 2025.
    in_dollars = dict(
        built.rows(
            "select currency, cast(rate_to_reporting as double) from seeds.fx_rates"
            " where valid_from = date '2025-01-01'"
        )
    )
    assert built.arr("yen") == pytest.approx(
        120000 * in_dollars["JPY"] / in_dollars["EUR"], abs=0.02
    )
    assert built.rows("select object_id, gap from intermediate.int_files_contract_gaps") == [
        ("s_none", "currency_assumed")
    ]
    assert built.rows(
        "select object_id, severity, row_count, what_is_missing, remedy"
        " from intermediate.int_fx_gaps"
    ) == [
        (
            "CHF",
            "error",
            1,
            "There is no rate of CHF to EUR, in which 1 subscriptions and 0 invoices are written"
            " (for example s_lost)",
            "Add the currency to the file fx_rates of your folder (currency, valid_from,"
            " rate_to_reporting), or to seeds/fx_rates.csv",
        )
    ]


PLANS = {
    "accounts": accounts(["p1", "p2"]),
    "subscriptions": """
        subscription_id,account_id,status,started_at
        s_p1,p1,active,2025-01-01
        s_p2,p2,active,2025-01-01
    """,
    "subscription_items": """
        subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval,plan_id
        i_p1,s_p1,2025-01-01,1,100,month,basic
        i_p1,s_p1,2025-03-01,1,300,month,pro
        i_p2,s_p2,2025-01-01,1,100,month,basic
        i_p2,s_p2,2025-03-01,1,120,month,basic
    """,
}


@pytest.mark.parametrize(
    "plans",
    [
        None,
        "plan_id,product_id,plan_name,billing_interval\nbasic,p,basic,month\npro,p,pro,month",
        "plan_id,product_id,plan_name,billing_interval\nbasic,p,Basic,monthly",
    ],
    ids=["no plans", "named like their ids", "one of them named"],
)
def test_a_plan_id_is_a_plan(tmp_path: Path, plans: str | None) -> None:
    folder = write(tmp_path / "files", {**PLANS, **({"plans": plans} if plans else {})})
    built = build(tmp_path / "home", {"files": folder}, targets=TARGETS)
    assert built.rows(
        "select account_id, movement, subtype, cast(arr_delta as double)"
        " from facts.fct_arr_movement where month = date '2025-03-01' order by 1"
    ) == [("p1", "expansion", "plan", 2400), ("p2", "expansion", "price", 240)]


def test_an_invoice_before_the_first_rate_is_valued_at_it(tmp_path: Path) -> None:
    made = FilesCompany(
        fx_rates=[{"currency": "EUR", "valid_from": "2025-01-01", "rate_to_reporting": 1.25}]
    )
    made.contract("early", 1000, "2024-12-15", currency="EUR")
    made.bill("early", 1000, "2024-12-15", "2025-01-15", status="open", currency="EUR")
    made.invoices[0]["due_at"] = "2024-12-31"
    built = build(
        tmp_path / "home",
        {"files": made.write(tmp_path / "in")},
        targets=("fct_payment_issue", "int_finance_service_lines", "int_fx_gaps"),
    )
    assert built.rows("select cast(amount as double) from facts.fct_payment_issue") == [(1250,)]
    assert built.rows(
        "select cast(amount_booked as double) from intermediate.int_finance_service_lines"
    ) == [(1250,)]
    assert built.rows("from intermediate.int_fx_gaps") == []
