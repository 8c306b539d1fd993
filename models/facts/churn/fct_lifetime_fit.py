# Grain: one row per segment_type, segment_value and years a customer has stayed, 0 to 20.
"""Fits the lifetime model; what a customer will still pay is a table, and SQL does the rest."""

from orchestration.lifetime_model import fit_all


def model(dbt, session):
    """The fits as a relation; dbt calls it."""
    dbt.config(materialized="table")
    fitted = fit_all(
        dbt.ref("fct_lifetime_leavers").df(),
        least_churned=int(dbt.config.meta_get("least_churned")),
        discount_rate=float(dbt.config.meta_get("discount_rate")),
    )
    return session.from_df(fitted) if len(fitted) else session.sql(EMPTY)


EMPTY = """
    select
        cast(null as varchar) as segment_type, cast(null as varchar) as segment_value,
        cast(null as bigint) as years_kept, cast(null as double) as alpha,
        cast(null as double) as beta, cast(null as double) as mean_churn,
        cast(null as double) as mean_churn_low, cast(null as double) as mean_churn_high,
        cast(null as double) as polarisation, cast(null as double) as log_likelihood,
        cast(null as boolean) as is_identified, cast(null as double) as residual_payments,
        cast(null as double) as residual_payments_low,
        cast(null as double) as residual_payments_high
    where false
"""
