"""The policies: what a company's metrics count. Each is a dbt var of the same name."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Priority = Literal["urgent", "high", "normal", "low"]
Cut = Literal[
    "total", "segment", "plan", "product", "region", "country", "industry", "size_band", "csm",
    "start_year",
]  # fmt: skip


def _with_normal(minutes: dict[str, int]) -> dict[str, int]:
    if minutes and "normal" not in minutes:
        raise ValueError("say normal, too: it is the target of tickets of any other priority")
    return minutes


MinutesByPriority = Annotated[
    dict[Priority, Annotated[int, Field(gt=0)]], AfterValidator(_with_normal)
]


class Policies(BaseModel):
    """Policies that a company sets; what is not set is as `dbt_project.yml` has it.

    The description of a field is the comment that `csw init` writes beside it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    arr_snapshot_point: Literal["month_end", "month_start"] | None = Field(
        None, description="ARR of a month is that of its end, or of its start (month_start)"
    )
    customer_grain: Literal["account", "ultimate_parent"] | None = Field(
        None,
        description="who a customer is: the account, or the top of its group (ultimate_parent)",
    )
    discount_policy: Literal["net", "gross"] | None = Field(
        None, description="net: running discounts lower ARR; or gross"
    )
    delinquent_policy: Literal["until_canceled", "past_due_is_churn"] | None = Field(
        None, description="past due counts until unpaid or canceled; or past_due_is_churn"
    )
    pause_policy: Literal["zero", "keep"] | None = Field(
        None, description="zero: a paused contract has no ARR; or keep"
    )
    dispute_policy: Literal["involuntary", "voluntary"] | None = Field(
        None, description="what a churn is whose payment was disputed: involuntary or voluntary"
    )
    dispute_window_days: Days | None = Field(
        None, description="a dispute so many days before or after a churn is about it"
    )
    fx_mode: Literal["constant", "as_booked"] | None = Field(
        None, description="constant: one plan rate per currency; or as_booked"
    )
    fx_plan_date: date | None = Field(
        None, description="the day whose rates are the plan rates; else 1 January of the as-of year"
    )
    overlap_policy: Literal["once", "both"] | None = Field(
        None, description="days on which a contract and its early renewal both run: once, or both"
    )
    end_dates: Literal["exclusive", "inclusive"] | None = Field(
        None, description="an end in files is the first day without, or the last with (inclusive)"
    )
    fiscal_year_first_month: Annotated[int, Field(ge=1, le=12)] | None = Field(
        None,
        description="1 to 12; a fiscal year has the number of the year in which it ends",
    )
    late_renewal_days: Days | None = Field(
        None, description="who is back within so many days renewed late"
    )
    early_renewal_days: Days | None = Field(
        None,
        description="a contract that runs on beside a new one for longer was not renewed by it",
    )
    renewal_grace_days: Days | None = Field(
        None, description="a renewal given up within these days was none"
    )
    renewal_preparation_days: Days | None = Field(
        None, description="a renewal is prepared by a touchpoint so long before the term ends"
    )
    renewal_rate_months: Annotated[int, Field(gt=0)] | None = Field(
        None, description="what is expected of open terms is the rate of the last so many months"
    )
    renewal_rate_least_terms: Count | None = Field(
        None, description="fewer past terms in all give no renewal rate"
    )
    renewal_rate_prior_terms: Annotated[int, Field(gt=0)] | None = Field(
        None,
        description="a renewal rate of few terms leans on the wider one as if so many were seen",
    )
    renewal_forecast_weeks: Annotated[int, Field(gt=0)] | None = Field(
        None, description="the renewal forecast of each of the last so many weeks is scored"
    )
    lifetime_least_churned: Count | None = Field(
        None, description="no lifetime is fitted to fewer leavers"
    )
    lifetime_discount_rate: Annotated[float, Field(ge=0)] | None = Field(
        None, description="a year, for lifetime value"
    )
    lifetime_fit_by: Cut | None = Field(
        None, description="the cut whose own fit values an account; total: one fit for all"
    )
    lifetime_margin: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="gross margin of what is still to come; 1: revenue"
    )
    tie_out_tolerance: Annotated[float, Field(ge=0)] | None = Field(
        None, description="reporting currency, per account and month"
    )
    tie_out_fx_tolerance: Share | None = Field(
        None, description="share of a bill in another currency that the rate may explain"
    )
    usage_lookback_days: Days | None = Field(
        None, description="events that arrive so late are still counted on their day"
    )
    usage_drop_minimum_events: Count | None = Field(
        None, description="fewer in the 84 days before, and there is no drop to speak of"
    )
    activation_events: Annotated[int, Field(gt=0)] | None = Field(
        None, description="a feature is in use from so many events in 28 days"
    )
    support_sla_minutes: MinutesByPriority | None = Field(
        None, description="to a first response, by priority"
    )
    support_resolution_minutes: MinutesByPriority | None = Field(
        None, description="to a solution, by priority; {} for no target"
    )
    nps_window_days: Days | None = Field(None, description="answers so old still count in NPS")
    health_history_days: Days | None = Field(
        None, description="a health score for each of the last so many days"
    )
    min_health_coverage: Share | None = Field(
        None, description="with less of the measures known, the health band is unknown"
    )
    churn_horizon_days: Annotated[int, Field(gt=0)] | None = Field(
        None, description="a score is judged by who left within so many days"
    )
    churn_model_least_churned: Count | None = Field(
        None, description="no churn model is trained on fewer leavers"
    )
    backtest_least_churned: Count | None = Field(
        None, description="no AUC, interval or calibration from fewer leavers"
    )
    low_activity_logins: Count | None = Field(
        None, description="low activity: at most so many user-days in 28 days, and"
    )
    low_activity_activation: Share | None = Field(
        None, description="at most this share of the key features"
    )
    onboarding_watch_days: Days | None = Field(
        None, description="milestones are chased so long after the contract began"
    )
    new_use_settled_days: Days | None = Field(
        None, description="what an account first uses later than so many days is a new use"
    )
    expansion_least_expanded: Count | None = Field(
        None, description="no ARR is estimated from fewer past expansions"
    )
    whitespace_least_owners: Count | None = Field(
        None, description="a product with fewer owners in the segment has no price there"
    )
    review_least_peers: Annotated[int, Field(gt=0)] | None = Field(
        None, description="with fewer peers in its segment an account has no place among them"
    )
    contact_details: Literal["keep", "drop"] | None = Field(
        None, description="name, title and e-mail of contacts are published, or not (drop)"
    )
    delivery_max_reject_share: Share | None = Field(
        None, description="with more of a table's rows rejected, nothing is published"
    )
    delivery_min_rejects: Count | None = Field(
        None, description="fewer rejected rows are no finding, but in a table that is vital"
    )
    delivery_max_shrink: Share | None = Field(
        None, description="a whole table that lost more than this share holds publishing"
    )
    delivery_min_rows: Count | None = Field(
        None, description="a table that usually has fewer rows is not said to have shrunk"
    )
    delivery_rhythm_least_days: Days | None = Field(
        None, description="nothing is late before so many days without anything new"
    )
    delivery_late_days: Days | None = Field(
        None, description="so long after a source is late nothing is published"
    )
    data_stale_least_days: Days | None = Field(
        None, description="nothing is stale before so many days on which nothing happened"
    )
    data_stale_days: Days | None = Field(
        None, description="so long after a source is stale nothing is published"
    )
    figure_max_restated: Share | None = Field(
        None, description="a larger share of published ARR or customers restated is not published"
    )
    figure_max_moved: Annotated[float, Field(ge=0)] | None = Field(
        None, description="nor a larger share of them moved, a month since the last publication"
    )
    figure_max_rate_change: Share | None = Field(
        None, description="nor NRR or GRR of a month restated by more; 0.05: 5 points"
    )
    figure_min_customers: Count | None = Field(
        None, description="a company of fewer customers is told of it, and not held"
    )
    figure_max_activity_restated: Share | None = Field(
        None, description="nor a larger share of active users or open tickets restated"
    )
    figure_max_activity_moved: Annotated[float, Field(ge=0)] | None = Field(
        None, description="nor a larger share of active users moved, a month since then"
    )
    figure_min_activity: Count | None = Field(
        None, description="of fewer active users, or open tickets, nothing is said"
    )
