-- Grain: one row per closed month and account whose ARR at the end of the month is restated.
{% set causes = [
    'backdated_start', 'backdated_cancellation', 'changed_price_or_quantity', 'changed_discount',
    'changed_status', 'account_merge_or_identity', 'fx_plan_rate', 'policy_change',
    'definition_change', 'unknown',
] %}

with lines as (
    select
        close_month,
        account_id,
        subscription_item_id,
        cause,
        difference
    from {{ ref('fct_restatement_line') }}
),

account_months as (
    select
        account_id,
        month,
        closing_arr
    from {{ ref('fct_account_month') }}
),

reported as (
    select
        account_id,
        month,
        closing_arr
    from {{ ref('fct_account_month_as_reported') }}
    where is_closed
),

closes as (
    select
        close_month,
        closed_at,
        closed_by,
        definition_version
    from {{ ref('fct_close') }}
),

accounts as (
    select
        close_month,
        account_id,
        count(distinct subscription_item_id) as lines,
        {{ each_column(causes, "sum(case when cause = '@' then difference else 0 end) as @") }},
        sum(difference) as difference
    from lines
    group by
        close_month,
        account_id
),

judged as (
    select
        *,
        greatest(abs({{ causes | join('), abs(') }})) as largest
    from accounts
    where difference <> 0
),

final as (
    select
        judged.close_month,
        judged.account_id,
        cast(coalesce(reported.closing_arr, 0) as decimal(18, 2)) as as_reported_arr,
        cast(coalesce(account_months.closing_arr, 0) as decimal(18, 2)) as restated_arr,
        cast(judged.difference as decimal(18, 2)) as difference,
        case
            {{ largest_of(causes, 'judged', 'largest') }}
        end as cause,
        {{ each_column(causes, 'cast(judged.@ as decimal(18, 2)) as @_arr') }},
        judged.lines,
        closes.closed_at,
        closes.closed_by,
        closes.definition_version
    from judged
    inner join closes
        on judged.close_month = closes.close_month
    left outer join reported
        on
            judged.close_month = reported.month
            and judged.account_id = reported.account_id
    left outer join account_months
        on
            judged.close_month = account_months.month
            and judged.account_id = account_months.account_id
)

select * from final
