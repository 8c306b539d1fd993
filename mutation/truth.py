"""The demo company's own record, compared with the tables as the Python tests do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Comparison:
    """A query that gives rows where a table is not what the truth says."""

    name: str
    table: str
    sql: str


def _sides(name: str, table: str, ours: str, theirs: str) -> Comparison:
    sql = f"(({ours}) except all ({theirs})) union all (({theirs}) except all ({ours})) limit 1"
    return Comparison(name, table, sql)


def comparisons(folder: Path) -> list[Comparison]:
    """All comparisons with the truth files of a home."""

    def file(name: str) -> str:
        return f"read_parquet('{folder / name}.parquet')"

    money = "opening_arr, closing_arr, new_arr, expansion_arr, contraction_arr, churn_arr"
    money += ", reactivation_arr, transfer_arr"
    cut = "month, segment_type, segment_value"
    kept = "opening_arr, retained_arr, retained_arr_capped, opening_accounts, retained_accounts"
    moved = "account_id, month, subscription_item_id, effective_on, subtype"
    return [
        _sides(
            "account months",
            "fct_account_month",
            f"select account_id, month, movement, {money} from facts.fct_account_month",
            f"select account_id, month, movement, {money} from {file('account_month')}",
        ),
        _sides(
            "bridge",
            "mart_arr_bridge_monthly",
            f"select month, {money} from marts.mart_arr_bridge_monthly "
            "where segment_type = 'total'",
            f"select month, {_sums(money)} from {file('account_month')} group by month",
        ),
        _sides(
            "line movements",
            "fct_arr_movement",
            f"select {moved}, sum(arr_delta) from facts.fct_arr_movement "
            f"where subtype <> 'fx' group by {moved}",
            f"select {moved}, sum(arr_delta) from {file('month_movement')} group by {moved}",
        ),
        _sides(
            "retention",
            "mart_retention_monthly",
            f"select {cut}, {kept}, nrr, grr, logo_retention from marts.mart_retention_monthly "
            "where segment_type in ('total', 'region') and opening_arr > 0",
            f"select {cut}, {kept}, retained_arr / nullif(opening_arr, 0), "
            "retained_arr_capped / nullif(opening_arr, 0), "
            f"retained_accounts / nullif(opening_accounts, 0) from {file('retention_month')}",
        ),
        _sides(
            "churn",
            "mart_churn_monthly",
            f"select {cut}, opening_arr, churned_arr, opening_accounts, churned_accounts, "
            "logo_churn, gross_revenue_churn, net_revenue_churn from marts.mart_churn_monthly "
            "where segment_type in ('total', 'region')",
            f"select {cut}, opening_arr, churned_arr, opening_accounts, churned_accounts, "
            "churned_accounts / nullif(opening_accounts, 0), "
            "lost_arr / nullif(opening_arr, 0), "
            f"(lost_arr - gained_arr) / nullif(opening_arr, 0) from {file('churn_month')}",
        ),
        _sides(
            "cohorts",
            "mart_retention_cohorts",
            "select cohort_month, age_months, cohort_arr, arr, cohort_accounts, accounts, "
            "nrr, grr, logo_retention from marts.mart_retention_cohorts",
            "select cohort_month, age_months, cohort_arr, arr, cohort_accounts, accounts, "
            "arr / nullif(cohort_arr, 0), capped_arr / nullif(cohort_arr, 0), "
            f"accounts / nullif(cohort_accounts, 0) from {file('cohort_month')}",
        ),
    ]


def _sums(names: str) -> str:
    return ", ".join(f"sum({name.strip()})" for name in names.split(","))
