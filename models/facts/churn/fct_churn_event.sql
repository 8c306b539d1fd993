-- Grain: one row per account and month in which it lost all its ARR.
-- The churn date is the first day without paid service, not the day of the request to cancel. What
-- CRM and billing call one reason by several names is one (seed churn_reason_map); a text that is
-- not known there is `other`. Whether we could have done something is said by the note, else by the
-- reason.
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

departures as (
    select
        account_id,
        month,
        departed_on,
        cancel_requested_at,
        cancel_reason,
        cancel_comment,
        is_payment_failure,
        is_disputed,
        plan,
        csm_id,
        tenure_days
    from {{ ref('int_arr_departures') }}
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

-- A CRM note on why they left, the nearest within two months of the churn date.
nearest_reasons as (
    select
        departures.account_id,
        departures.month,
        reasons.reason,
        reasons.detail,
        reasons.is_controllable
    from departures
    inner join reasons
        on
            departures.account_id = reasons.account_id
            and abs({{ dbt.datediff(
                'departures.departed_on', 'reasons.churned_on', 'day'
            ) }}) <= 62
    qualify
        row_number() over (
            partition by departures.account_id, departures.month
            order by
                abs({{ dbt.datediff('departures.departed_on', 'reasons.churned_on', 'day') }}),
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

churn_reasons as (
    select
        reason,
        is_controllable
    from {{ ref('churn_reasons') }}
),

told as (
    select
        churned_months.account_id,
        churned_months.month,
        coalesce(departures.departed_on, churned_months.snapshot_on) as churn_date,
        departures.cancel_requested_at,
        cast(-churned_months.churn_arr as decimal(18, 2)) as arr_lost,
        coalesce(
            nearest_reasons.reason,
            case when departures.is_disputed then 'dispute' end,
            departures.cancel_reason
        ) as reason_text,
        case when departures.is_payment_failure then 'payment_failed' else 'unknown' end
            as reason_of_billing,
        coalesce(nearest_reasons.detail, departures.cancel_comment) as reason_detail,
        coalesce(departures.is_payment_failure, false) as is_payment_failure,
        coalesce(departures.is_disputed, false) as is_disputed,
        nearest_reasons.is_controllable,
        departures.tenure_days,
        departures.plan,
        departures.csm_id
    from churned_months
    left outer join departures
        on
            churned_months.account_id = departures.account_id
            and churned_months.month = departures.month
    left outer join nearest_reasons
        on
            churned_months.account_id = nearest_reasons.account_id
            and churned_months.month = nearest_reasons.month
),

named as (
    select
        told.*,
        coalesce(
            reason_map.reason,
            case when told.reason_text is not null then 'other' end,
            told.reason_of_billing
        ) as reason
    from told
    left outer join reason_map
        on {{ reason_words('told.reason_text') }} = reason_map.reason_text
),

final as (
    select
        named.account_id,
        named.month,
        named.churn_date,
        named.cancel_requested_at,
        named.arr_lost,
        named.reason,
        named.reason_text,
        named.reason_detail,
        not named.is_payment_failure
        {%- if var('dispute_policy') == 'involuntary' %}
        and not named.is_disputed
        and named.reason <> 'dispute'
        {%- endif %} as is_voluntary,
        coalesce(named.is_controllable, churn_reasons.is_controllable) as is_controllable,
        named.tenure_days,
        named.plan,
        named.csm_id
    from named
    left outer join churn_reasons
        on named.reason = churn_reasons.reason
)

select * from final
