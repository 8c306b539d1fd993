"""The marts against what the demo company knows of itself: every row, to the cent."""

import duckdb
import pytest

TRUTH = ("account_month", "line_interval", "retention_month", "churn_month", "cohort_month")
MONEY = [
    "opening_arr",
    "closing_arr",
    "new_arr",
    "expansion_arr",
    "contraction_arr",
    "churn_arr",
    "reactivation_arr",
    "transfer_arr",
]


@pytest.fixture(scope="module")
def company(demo_home):
    """The published file, with the truth beside it."""
    connection = duckdb.connect()
    published = (demo_home.published / "marts.duckdb").resolve()
    connection.execute(f"attach '{published}' as published (read_only)")
    for name in TRUTH:
        file = demo_home.path / "truth" / f"{name}.parquet"
        connection.execute(f"create view truth_{name} as from read_parquet('{file}')")
    yield connection
    connection.close()


def test_account_months_equal_the_truth_to_the_cent(company):
    differs = " or ".join(f"t.{c} is distinct from m.{c}" for c in [*MONEY, "movement"])
    wrong = company.execute(
        f"""
        select coalesce(t.account_id, m.account_id), coalesce(t.month, m.month),
            t.movement, m.movement, t.closing_arr, m.closing_arr
        from truth_account_month as t
        full join published.marts.fct_account_month as m
            on t.account_id = m.account_id and t.month = m.month
        where {differs}
        """
    ).fetchall()
    assert wrong == []


def test_bridge_equals_the_truth_in_every_month(company):
    sums = ", ".join(f"sum({c}) as {c}" for c in MONEY)
    differs = " or ".join(f"t.{c} is distinct from b.{c}" for c in MONEY)
    wrong = company.execute(
        f"""
        with t as (select month, {sums} from truth_account_month group by month)
        select * from t
        full join (
            from published.marts.mart_arr_bridge_monthly where segment_type = 'total'
        ) as b on t.month = b.month
        where {differs}
        """
    ).fetchall()
    assert wrong == []


CUT = ["month", "segment_type", "segment_value"]
# Mart, truth, key, amounts and counts, rates as numerator and denominator of the truth.
RATES = {
    "mart_retention_monthly": (
        "truth_retention_month",
        CUT,
        [
            "opening_arr",
            "retained_arr",
            "retained_arr_capped",
            "opening_accounts",
            "retained_accounts",
        ],
        {
            "nrr": "retained_arr / nullif(opening_arr, 0)",
            "grr": "retained_arr_capped / nullif(opening_arr, 0)",
            "logo_retention": "retained_accounts / nullif(opening_accounts, 0)",
        },
        "segment_type in ('total', 'region') and opening_arr > 0",
    ),
    "mart_churn_monthly": (
        "truth_churn_month",
        CUT,
        ["opening_arr", "churned_arr", "opening_accounts", "churned_accounts"],
        {
            "logo_churn": "churned_accounts / nullif(opening_accounts, 0)",
            "gross_revenue_churn": "lost_arr / nullif(opening_arr, 0)",
            "net_revenue_churn": "(lost_arr - gained_arr) / nullif(opening_arr, 0)",
        },
        "segment_type in ('total', 'region')",
    ),
    "mart_retention_cohorts": (
        "truth_cohort_month",
        ["cohort_month", "age_months"],
        ["cohort_arr", "arr", "cohort_accounts", "accounts"],
        {
            "nrr": "arr / nullif(cohort_arr, 0)",
            "grr": "capped_arr / nullif(cohort_arr, 0)",
            "logo_retention": "accounts / nullif(cohort_accounts, 0)",
        },
        "true",
    ),
}


@pytest.mark.parametrize("mart", RATES)
def test_rates_equal_the_truth(company, mart):
    """Amounts to the cent, counts, and each rate as the one division of the two."""
    truth, keys, figures, rates, where = RATES[mart]
    same = " and ".join(f"t.{key} = m.{key}" for key in keys)
    wrong = [f"t.{name} is distinct from m.{name}" for name in figures]
    wrong += [f"t.{name} is distinct from m.{name}" for name in rates]
    quotients = ", ".join(f"{sql} as {name}" for name, sql in rates.items())
    rows = company.execute(
        f"""
        with t as (select *, {quotients} from {truth}),
        m as (from published.marts.{mart} where {where})
        select {", ".join(f"coalesce(t.{key}, m.{key})" for key in keys)},
            {", ".join(f"t.{name}, m.{name}" for name in [*figures, *rates])}
        from t
        full join m on {same}
        where {" or ".join(wrong)}
        """
    ).fetchall()
    assert rows == []
    compared = company.execute(f"select count(*) from {truth}").fetchone()[0]
    assert compared > 100


def test_truth_is_not_empty_and_every_movement_occurs(company):
    found = dict(
        company.execute(
            "select movement, count(*) from truth_account_month group by movement"
        ).fetchall()
    )
    assert set(found) >= {
        "new",
        "expansion",
        "contraction",
        "churn",
        "reactivation",
        "unchanged",
        "none",
    }
    transfers = company.execute(
        "select count(*) from truth_account_month where transfer_arr <> 0"
    ).fetchone()[0]
    assert transfers >= 2


def test_unassigned_revenue_is_in_the_totals_and_is_no_logo(company):
    arr, accounts = company.execute(
        """
        select sum(closing_arr), count(distinct month)
        from published.marts.fct_account_month where account_id = 'unassigned'
        """
    ).fetchone()
    assert arr > 0
    assert accounts > 0
    logos = company.execute(
        """
        select
            (select opening_accounts from published.marts.mart_churn_monthly
             where segment_type = 'total' order by month desc limit 1),
            (select count(*) from published.marts.fct_account_month
             where opening_arr > 0 and account_id <> 'unassigned'
             and month = (select max(month) from published.marts.fct_account_month))
        """
    ).fetchone()
    assert logos[0] == logos[1]
