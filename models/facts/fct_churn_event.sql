-- Grain: one row per account and month in which it lost all its ARR.
-- The churn date is the first day without paid service, not the day of the request to cancel. What
-- CRM and billing call one reason by several names is one (seed churn_reason_map).
with churned_months as (
    select
        account_id,
        month,
        cohort_month,
        snapshot_on,
        opening_arr,
        churn_arr
    from {{ ref('fct_account_month') }}
    where movement = 'churn'
),

intervals as (
    select
        source_system,
        account_id,
        subscription_id,
        valid_from,
        valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
    where arr > 0
),

subscriptions as (
    select
        source_system,
        subscription_id,
        status,
        cancel_requested_at,
        cancel_reason,
        cancel_detail,
        is_payment_failure
    from {{ ref('int_billing_subscriptions') }}
),

{% if var('customer_grain') == 'ultimate_parent' -%}
account_groups as (
    select
        account_id,
        revenue_account_id
    from {{ ref('int_account_groups') }}
),

{% endif -%}
reasons as (
    select
        {{ 'account_groups.revenue_account_id' if var('customer_grain') == 'ultimate_parent'
            else 'notes.account_id' }} as account_id,
        notes.churned_on,
        notes.reason,
        notes.detail,
        notes.is_controllable
    from {{ ref('int_crm_churn_reasons') }} as notes
    {%- if var('customer_grain') == 'ultimate_parent' %}
    inner join account_groups
        on notes.account_id = account_groups.account_id
    {%- endif %}
),

-- The subscription that ended last in the month is the one the account left with.
last_lines as (
    select
        churned_months.account_id,
        churned_months.month,
        intervals.source_system,
        intervals.subscription_id,
        intervals.valid_to as churn_date
    from churned_months
    inner join intervals
        on
            churned_months.account_id = intervals.account_id
            and churned_months.snapshot_on >= intervals.valid_to
    qualify
        row_number() over (
            partition by churned_months.account_id, churned_months.month
            order by intervals.valid_to desc, intervals.arr desc, intervals.subscription_id asc
        ) = 1
),

first_days as (
    select
        account_id,
        min(valid_from) as first_day
    from intervals
    group by account_id
),

-- A CRM note on why they left, the nearest within two months of the churn date.
nearest_reasons as (
    select
        last_lines.account_id,
        last_lines.month,
        reasons.reason,
        reasons.detail,
        reasons.is_controllable
    from last_lines
    inner join reasons
        on
            last_lines.account_id = reasons.account_id
            and abs({{ dbt.datediff(
                'last_lines.churn_date', 'reasons.churned_on', 'day'
            ) }}) <= 62
    qualify
        row_number() over (
            partition by last_lines.account_id, last_lines.month
            order by
                abs({{ dbt.datediff('last_lines.churn_date', 'reasons.churned_on', 'day') }}),
                reasons.churned_on,
                reasons.reason
        ) = 1
),

reason_map as (
    select
        reason_text,
        reason
    from {{ ref('churn_reason_map') }}
),

told as (
    select
        churned_months.account_id,
        churned_months.month,
        coalesce(last_lines.churn_date, churned_months.snapshot_on) as churn_date,
        subscriptions.cancel_requested_at,
        cast(-churned_months.churn_arr as decimal(18, 2)) as arr_lost,
        coalesce(
            nearest_reasons.reason, subscriptions.cancel_detail, subscriptions.cancel_reason
        ) as reason_text,
        case when subscriptions.is_payment_failure then 'payment_failed' else 'unknown' end
            as reason_of_billing,
        nearest_reasons.detail as reason_detail,
        not coalesce(subscriptions.is_payment_failure, false) as is_voluntary,
        nearest_reasons.is_controllable,
        {{ dbt.datediff('first_days.first_day', 'last_lines.churn_date', 'day') }}
            as tenure_days
    from churned_months
    left outer join last_lines
        on
            churned_months.account_id = last_lines.account_id
            and churned_months.month = last_lines.month
    left outer join subscriptions
        on
            last_lines.source_system = subscriptions.source_system
            and last_lines.subscription_id = subscriptions.subscription_id
    left outer join first_days
        on churned_months.account_id = first_days.account_id
    left outer join nearest_reasons
        on
            churned_months.account_id = nearest_reasons.account_id
            and churned_months.month = nearest_reasons.month
),

final as (
    select
        told.account_id,
        told.month,
        told.churn_date,
        told.cancel_requested_at,
        told.arr_lost,
        coalesce(reason_map.reason, told.reason_text, told.reason_of_billing) as reason,
        told.reason_text,
        told.reason_detail,
        told.is_voluntary,
        told.is_controllable,
        told.tenure_days
    from told
    left outer join reason_map
        on lower(trim(told.reason_text)) = reason_map.reason_text
)

select * from final
