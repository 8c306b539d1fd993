-- Grain: one row per month, segment_type and segment_value.
-- Growth of existing customers against the book at the opening of the month. Subtypes add up to
-- expansion_arr; a negative one was outweighed by the rest of the account's growth.
{% set subtypes = [
    'seats', 'price', 'plan', 'cross_sell', 'discount', 'discount_expiry', 'pause', 'resume',
] %}

with account_months as (
    select
        account_id,
        month,
        is_complete,
        opening_arr,
        expansion_arr,
        movement,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_month') }}
),

movements as (
    select
        account_id,
        month,
        subtype,
        arr_delta
    from {{ ref('fct_arr_movement') }}
    where movement = 'expansion'
),

-- Few account months grow: subtypes are added up over them alone.
grown as (
    select
        account_months.*,
        movements.subtype,
        movements.arr_delta
    from movements
    inner join account_months
        on
            movements.account_id = account_months.account_id
            and movements.month = account_months.month
),

subtype_cuts as (
    select
        month,
        {{ segment_keys() }},
        {{ each_column(
            subtypes, "sum(case when subtype = '@' then arr_delta else 0 end) as @_arr"
        ) }}
    from grown
    group by {{ segment_grouping_sets(['month']) }}
),

cuts as (
    select
        month,
        is_complete,
        {{ segment_keys() }},
        sum(opening_arr) as opening_arr,
        sum(expansion_arr) as expansion_arr,
        count_if(movement = 'expansion' and account_id <> 'unassigned') as expanded_accounts
    from account_months
    group by {{ segment_grouping_sets(['month', 'is_complete']) }}
),

-- The twelve months that end with each month, and the book at the opening of the first.
years as (
    select
        cuts.month,
        cuts.segment_type,
        cuts.segment_value,
        sum(past.expansion_arr) as expansion_arr_12m,
        sum(
            case
                when past.month = {{ dbt.dateadd('month', -11, 'cuts.month') }}
                    then past.opening_arr
                else 0
            end
        ) as opening_arr_12m
    from cuts
    inner join cuts as past
        on
            cuts.segment_type = past.segment_type
            and cuts.segment_value = past.segment_value
            and cuts.month >= past.month
            and past.month >= {{ dbt.dateadd('month', -11, 'cuts.month') }}
    where
        {{ dbt.dateadd('month', -11, 'cuts.month') }}
        >= (select min(first_cuts.month) from cuts as first_cuts)
    group by
        cuts.month,
        cuts.segment_type,
        cuts.segment_value
),

joined as (
    select
        cuts.*,
        years.expansion_arr_12m,
        years.opening_arr_12m,
        {{ each_column(subtypes, 'coalesce(subtype_cuts.@_arr, 0) as @_arr') }}
    from cuts
    left outer join years
        on
            cuts.month = years.month
            and cuts.segment_type = years.segment_type
            and cuts.segment_value = years.segment_value
    left outer join subtype_cuts
        on
            cuts.month = subtype_cuts.month
            and cuts.segment_type = subtype_cuts.segment_type
            and cuts.segment_value = subtype_cuts.segment_value
),

final as (
    select
        month,
        segment_type,
        segment_value,
        cast(opening_arr as decimal(18, 2)) as opening_arr,
        cast(expansion_arr as decimal(18, 2)) as expansion_arr,
        {{ each_column(subtypes, 'cast(@_arr as decimal(18, 2)) as @_arr') }},
        cast(expanded_accounts as bigint) as expanded_accounts,
        cast(expansion_arr / nullif(opening_arr, 0) as double) as expansion_of_book,
        cast(expansion_arr_12m as decimal(18, 2)) as expansion_12m_arr,
        cast(opening_arr_12m as decimal(18, 2)) as opening_12m_arr,
        cast(expansion_arr_12m / nullif(opening_arr_12m, 0) as double) as expansion_of_book_12m,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from joined
)

select * from final
