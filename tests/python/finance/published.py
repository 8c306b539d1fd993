"""Published figures made by hand: enough for a close, without a build."""

import json
from datetime import date

import duckdb

from orchestration.home import Home
from orchestration.publish import Relation, publish

TABLES = ("fct_account_month", "fct_arr_line", "mart_retention_monthly")


def publish_figures(
    home: Home,
    as_of: str,
    arr: dict[str, dict[str, int]],
    *,
    run_id: str = "20260101T000000Z_test",
    tests_pass: bool = True,
    definition: str = "0.0+test",
) -> None:
    """Publish the ARR of accounts by month, as {month: {account: arr}}."""
    home.create()
    home.warehouse.unlink(missing_ok=True)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema facts; create schema marts")
        _account_months(connection, arr)
        _lines(connection, arr)
        connection.execute(
            "create table marts.mart_retention_monthly as "
            "select month, 'total' as segment_type, 'all' as segment_value, "
            "cast(1.25 as double) as nrr, cast(0.9 as double) as grr, "
            "cast(0.8 as double) as logo_retention, 'policy' as metric_policy "
            "from facts.fct_account_month group by month"
        )
    state = {"succeeded": tests_pass, "run_id": run_id, "as_of": as_of}
    (home.path / "dbt" / "last_build.json").write_text(json.dumps(state))
    if tests_pass:
        relations = [
            Relation("marts" if name.startswith("mart") else "facts", name) for name in TABLES
        ]
        publish(
            home.warehouse,
            home.published,
            relations,
            run_id=run_id,
            as_of=as_of,
            company="test",
            versions={},
            policy={"fx_mode": "constant"},
            definition_version=definition,
        )


def _account_months(connection: duckdb.DuckDBPyConnection, arr: dict[str, dict[str, int]]) -> None:
    money = ", ".join(
        f"0::decimal(18, 2) as {name}_arr"
        for name in ("contraction", "churn", "reactivation", "fx", "transfer")
    )
    columns = ", ".join(
        f"null::varchar as {name}"
        for name in ("segment", "region", "country", "industry", "csm_id", "size_band")
    )
    parts = []
    before: dict[str, int] = {}
    for month, accounts in sorted(arr.items()):
        first = date.fromisoformat(f"{month}-01")
        for account, closing in accounts.items():
            opening = before.get(account, 0)
            new, grown = (closing, 0) if not opening else (0, closing - opening)
            parts.append(
                f"select '{account}' as account_id, date '{first}' as month, "
                f"{opening}::decimal(18, 2) as opening_arr, "
                f"{closing}::decimal(18, 2) as closing_arr, 'any' as movement, "
                f"{new}::decimal(18, 2) as new_arr, {grown}::decimal(18, 2) as expansion_arr, "
                f"{money}, 0::decimal(18, 2) as prior_period_adjustment_arr, "
                f"last_day(date '{first}') as snapshot_on, {columns}, "
                "null::varchar as plan, null::varchar as product, null::varchar as start_year, "
                "'policy' as metric_policy"
            )
        before = accounts
    connection.execute("create table facts.fct_account_month as " + " union all ".join(parts))


def _lines(connection: duckdb.DuckDBPyConnection, arr: dict[str, dict[str, int]]) -> None:
    parts = []
    for month, accounts in arr.items():
        first = f"date '{month}-01'"
        for account, closing in accounts.items():
            parts.append(
                f"select 'files' as source_system, 'item-{account}' as subscription_item_id, "
                f"{first} as valid_from, last_day({first}) + 1 as valid_to, "
                f"'{account}' as account_id, {closing}::decimal(18, 2) as arr"
            )
    connection.execute(
        "create table facts.fct_arr_line as "
        "select * replace (cast(valid_to as date) as valid_to) from ("
        + " union all ".join(parts)
        + ")"
    )
