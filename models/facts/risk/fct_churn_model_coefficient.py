# Grain: one row per day on which the churn model was trained, input and kind of input.
"""Trains the churn model; what it learned is a table, and SQL does the rest."""

from orchestration.churn_model import train


def model(dbt, session):
    """The coefficients as a relation; dbt calls it."""
    dbt.config(materialized="table")
    snapshots = dbt.ref("fct_health_snapshot")
    inputs = dbt.ref("fct_account_health_input_day")
    measures = dbt.ref("dim_health_measure")

    scales = measures.project("measure, least(zero_at, hundred_at), greatest(zero_at, hundred_at)")
    bounds = {}
    for measure, low, high in sorted(scales.distinct().fetchall()):
        before = bounds.get(measure, (float(low), float(high)))
        bounds[measure] = (min(before[0], float(low)), max(before[1], float(high)))
    months = snapshots.filter("snapshot_type = 'month_end'").project(
        "account_id, snapshot_on, outcome_on, is_churned"
    )
    days = inputs.project(", ".join(["account_id", "date_day as snapshot_on", *bounds]))
    rows = months.join(days, "account_id, snapshot_on").df()
    for column in ("snapshot_on", "outcome_on"):
        rows[column] = rows[column].dt.date
    last = inputs.max("date_day").fetchone()[0]
    least = int(dbt.config.meta_get("least_churned"))
    trained = train(rows, bounds, last=last, least_churned=least)
    return session.from_df(trained) if len(trained) else session.sql(EMPTY)


EMPTY = """
    select
        cast(null as date) as trained_on, cast(null as date) as applies_to,
        cast(null as varchar) as input, cast(null as varchar) as kind,
        cast(null as double) as low, cast(null as double) as high,
        cast(null as double) as fill_value, cast(null as double) as mean,
        cast(null as double) as scale, cast(null as double) as coefficient,
        cast(null as bigint) as snapshots, cast(null as bigint) as churned,
        cast(null as varchar) as model_version
    where false
"""
