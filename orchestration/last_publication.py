"""What was last published, put beside the new figures: the models compare the two.

The files are those that `manifest.json` names. What cannot be read of them is said, as a gap, and
is not taken for nothing: `int_ledger_publication` and `fct_figure_change` go on from here.
"""

from __future__ import annotations

from datetime import date

import duckdb

from orchestration.database import text
from orchestration.home import Home
from orchestration.loads.warehouse import opened
from orchestration.publish import Publication, read_publication

PUBLICATION_COLUMNS = {
    "run_id": "varchar",
    "as_of_date": "date",
    "compared_on": "date",
    "is_as_booked": "boolean",
    "reporting_currency": "varchar",
    "definition_version": "varchar",
    "metric_policy": "varchar",
    "unreadable": "varchar",
}
AMOUNT_COLUMNS = {
    "figure": "varchar",
    "figure_on": "date",
    "account_id": "varchar",
    "amount": "decimal(18, 2)",
    "base": "decimal(18, 2)",
    "account_name": "varchar",
}
# What each account added to the figures: ARR on the day of comparison, in total and of each billing
# system, active users and open tickets on that day, what makes up the rates of the last month that
# was complete by then, and what closed months were restated by.
AMOUNTS_SQL = """
    with amounts as (
        select unnest(['arr', 'arr of ' || source_system]) as figure,
            cast($day as date) as figure_on, account_id, null as base,
            case when $is_as_booked then arr_as_booked else arr end as amount
        from {fct_arr_line}
        where valid_from <= $day and coalesce(valid_to > $day, true)
        union all by name
        select 'active_users' as figure, usage_date as figure_on, account_id, null as base,
            active_users_28d as amount
        from {fct_account_usage_day}
        where usage_date = $day and active_users_28d > 0
        union all by name
        select 'open_tickets' as figure, date_day as figure_on, account_id, null as base,
            backlog as amount
        from {fct_account_support_day}
        where date_day = $day and backlog > 0
        union all by name
        select unnest(['nrr', 'grr']) as figure, month as figure_on, account_id,
            unnest([retained_arr, retained_arr_capped]) as amount, opening_arr as base
        from {fct_account_retention_month}
        where is_complete and month = date_trunc('month', cast($day as date) + 1) - interval 1 month
        union all by name
        select 'closed_arr' as figure, close_month as figure_on, account_id, null as base,
            difference as amount
        from {fct_restatement_line}
    )
    insert into ledger.published_amounts by name
    select figure, figure_on, account_id, account_name, sum(base) as base, sum(amount) as amount
    from amounts left join {dim_account} using (account_id)
    group by figure, figure_on, account_id, account_name
"""
TABLES = (
    "fct_arr_line",
    "fct_account_retention_month",
    "fct_restatement_line",
    "fct_account_usage_day",
    "fct_account_support_day",
    "dim_account",
)


def load_last_publication(home: Home, as_of: date) -> None:
    """Copy what the figures of `as_of` are compared with into the warehouse, for the models.

    Both are compared on the earlier of their days. Over a turn of the year ARR is compared as
    booked: the plan rates of constant currency are those of the year. Before anything is published
    the tables are empty.
    """
    publication = read_publication(home.published)
    with opened(home.warehouse) as connection:
        connection.begin()
        connection.execute("create schema if not exists ledger")
        for name, columns in (
            ("publication", PUBLICATION_COLUMNS),
            ("published_amounts", AMOUNT_COLUMNS),
        ):
            told = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            connection.execute(f"create or replace table ledger.{name} ({told})")
        connection.commit()
        if publication:
            _copy(connection, home, publication, as_of)


def _copy(
    connection: duckdb.DuckDBPyConnection, home: Home, publication: Publication, as_of: date
) -> None:
    published = date.fromisoformat(publication.as_of_date)
    day = min(published, as_of)
    is_as_booked = published.year != as_of.year
    folder = home.published / publication.parquet
    files = {name: text(folder / f"{name}.parquet") for name in TABLES}
    unreadable = metric_policy = None
    try:
        found = connection.execute(
            "select max(metric_policy) from read_parquet(?)",
            [str(folder / "fct_account_month.parquet")],
        ).fetchone()
        metric_policy = found[0] if found else None
        connection.execute(AMOUNTS_SQL.format(**files), {"day": day, "is_as_booked": is_as_booked})
    except duckdb.Error as error:
        unreadable = str(error).splitlines()[0]
    row = [
        publication.run_id,
        published,
        day,
        is_as_booked,
        publication.policy.get("reporting_currency"),
        publication.definition_version or None,
        metric_policy,
        unreadable,
    ]
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into ledger.publication values ({marks})", row)
