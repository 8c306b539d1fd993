-- Grain: one row per account and month, from its first ARR to the as-of date, gaps included.
with account_months as (
    select
        account_id,
        month,
        cohort_month,
        snapshot_on,
        is_complete,
        opening_arr,
        transfer_arr,
        closing_arr,
        seats,
        was_paused,
        is_paused
    from {{ ref('int_arr_account_month') }}
),

attributes as (
    select
        account_id,
        month,
        segment,
        region,
        country,
        industry,
        csm_id,
        size_band,
        plan,
        product,
        start_year
    from {{ ref('int_arr_account_month_attributes') }}
),

-- What a merge moves is neither won nor lost: movements start from the opening after it.
measured as (
    select
        *,
        opening_arr + transfer_arr as base_arr,
        closing_arr - opening_arr - transfer_arr as delta_arr,
        month > cohort_month as was_ever_active
    from account_months
),

-- The order is the definition: the first condition that holds gives the one class.
classified as (
    select
        *,
        case
            when base_arr = 0 and closing_arr = 0 then 'none'
            when base_arr = 0 and not was_ever_active then 'new'
            when base_arr = 0 and was_paused then 'expansion'
            when base_arr = 0 then 'reactivation'
            when closing_arr = 0 and not is_paused then 'churn'
            when delta_arr > 0 then 'expansion'
            when delta_arr < 0 then 'contraction'
            else 'unchanged'
        end as movement
    from measured
),

final as (
    select
        classified.account_id,
        classified.month,
        cast(classified.opening_arr as decimal(18, 2)) as opening_arr,
        cast(classified.closing_arr as decimal(18, 2)) as closing_arr,
        classified.movement,
        {% for movement in ['new', 'expansion', 'contraction', 'churn', 'reactivation'] -%}
        cast(
            case when classified.movement = '{{ movement }}' then classified.delta_arr else 0 end
            as decimal(18, 2)
        ) as {{ movement }}_arr,
        {% endfor -%}
        -- At constant currency both ends are valued at the plan rate: no movement from rates.
        cast(0 as decimal(18, 2)) as fx_arr,
        cast(classified.transfer_arr as decimal(18, 2)) as transfer_arr,
        cast(0 as decimal(18, 2)) as prior_period_adjustment_arr,
        cast(classified.seats as decimal(18, 4)) as seats,
        classified.cohort_month,
        classified.snapshot_on,
        classified.is_complete,
        classified.is_paused,
        attributes.segment,
        attributes.region,
        attributes.country,
        attributes.industry,
        attributes.csm_id,
        attributes.size_band,
        attributes.plan,
        attributes.product,
        attributes.start_year,
        '{{ var("arr_snapshot_point") }}' as arr_snapshot_point,
        '{{ metric_policy() }}' as metric_policy
    from classified
    inner join attributes
        on
            classified.account_id = attributes.account_id
            and classified.month = attributes.month
)

select * from final
