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
        closing_arr_constant,
        closing_arr_as_booked,
        delta_arr_constant,
        seats,
        was_paused,
        is_paused,
        was_free,
        is_free
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

-- What a merge moves is neither won nor lost: movements start from the opening after it. More or
-- less is judged at the plan rate.
measured as (
    select
        *,
        opening_arr + transfer_arr as base_arr,
        closing_arr - opening_arr - transfer_arr as total_delta_arr,
        {% if var('fx_mode') == 'as_booked' -%}
        delta_arr_constant as delta_arr,
        {% else -%}
        closing_arr - opening_arr - transfer_arr as delta_arr,
        {% endif -%}
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
            when base_arr = 0 and (was_paused or was_free) then 'expansion'
            when base_arr = 0 then 'reactivation'
            when base_arr > 0 and closing_arr = 0 and not coalesce(is_paused or is_free, false)
                then 'churn'
            when delta_arr > 0 then 'expansion'
            when delta_arr < 0 then 'contraction'
            else 'unchanged'
        end as movement
    from measured
),

-- Who comes or goes does so with the ARR that was booked. What changes with those who stay is
-- valued at the plan rate, and what their ARR as booked changes beside that is fx.
valued as (
    select
        *,
        case
            when movement in ('new', 'churn', 'reactivation') then total_delta_arr
            else delta_arr
        end as movement_arr
    from classified
),

final as (
    select
        valued.account_id,
        valued.month,
        cast(valued.opening_arr as decimal(18, 2)) as opening_arr,
        cast(valued.closing_arr as decimal(18, 2)) as closing_arr,
        cast(valued.closing_arr_constant as decimal(18, 2)) as closing_arr_constant,
        cast(valued.closing_arr_as_booked as decimal(18, 2)) as closing_arr_as_booked,
        valued.movement,
        {% for movement in ['new', 'expansion', 'contraction', 'churn', 'reactivation'] -%}
        cast(
            case when valued.movement = '{{ movement }}' then valued.movement_arr else 0 end
            as decimal(18, 2)
        ) as {{ movement }}_arr,
        {% endfor -%}
        cast(valued.total_delta_arr - valued.movement_arr as decimal(18, 2)) as fx_arr,
        cast(valued.transfer_arr as decimal(18, 2)) as transfer_arr,
        cast(0 as decimal(18, 2)) as prior_period_adjustment_arr,
        cast(valued.seats as decimal(18, 4)) as seats,
        valued.cohort_month,
        valued.snapshot_on,
        valued.is_complete,
        valued.is_paused,
        valued.is_free,
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
    from valued
    inner join attributes
        on
            valued.account_id = attributes.account_id
            and valued.month = attributes.month
)

select * from final
