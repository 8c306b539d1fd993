{#
    The cohort method over a window of `months`: each account with ARR at the opening of the first
    month of the window, what it had then and what it has at the close of the last, `month`. An
    account that merged in the meantime is counted under its survivor on both ends; what it was like
    is as of the opening. The query of a whole fact.
#}
{% macro account_retention(months) -%}
with openings as (
    select
        account_id,
        month as opening_month,
        opening_arr,
        segment,
        region,
        country,
        industry,
        csm_id,
        size_band,
        plan,
        product,
        start_year,
        cast({{ dbt.dateadd('month', months - 1, 'month') }} as date) as month
    from {{ ref('fct_account_month') }}
    where opening_arr > 0
),

closings as (
    select
        account_id,
        month,
        snapshot_on,
        closing_arr,
        is_complete
    from {{ ref('fct_account_month') }}
),

months as (
    select distinct
        month,
        snapshot_on,
        is_complete
    from closings
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
),

merged_accounts as (
    select account_id
    from ownership
    where account_id <> owner_account_id
    union
    select owner_account_id as account_id
    from ownership
    where account_id <> owner_account_id
),

merged_openings as (
    select
        coalesce(ownership.owner_account_id, openings.account_id) as account_id,
        openings.month,
        sum(openings.opening_arr) as opening_arr,
        {{ each_column(
            segment_columns().values(), 'max_by(openings.@, openings.opening_arr) as @'
        ) }}
    from openings
    inner join merged_accounts
        on openings.account_id = merged_accounts.account_id
    inner join months
        on openings.month = months.month
    left outer join ownership
        on
            openings.account_id = ownership.account_id
            and months.snapshot_on >= ownership.valid_from
            and months.snapshot_on < ownership.valid_to
    group by
        coalesce(ownership.owner_account_id, openings.account_id),
        openings.month
),

-- All others answer for themselves: nothing to add up.
openings_by_survivor as (
    select
        openings.account_id,
        openings.month,
        openings.opening_arr,
        {{ each_column(segment_columns().values(), 'openings.@') }}
    from openings
    left outer join merged_accounts
        on openings.account_id = merged_accounts.account_id
    where merged_accounts.account_id is null
    union all
    select
        account_id,
        month,
        opening_arr,
        {{ each_column(segment_columns().values(), '@') }}
    from merged_openings
),

final as (
    select
        openings_by_survivor.account_id,
        openings_by_survivor.month,
        months.is_complete,
        cast(openings_by_survivor.opening_arr as decimal(18, 2)) as opening_arr,
        cast(coalesce(closings.closing_arr, 0) as decimal(18, 2)) as retained_arr,
        cast(
            least(coalesce(closings.closing_arr, 0), openings_by_survivor.opening_arr)
            as decimal(18, 2)
        ) as retained_arr_capped,
        coalesce(closings.closing_arr, 0) > 0 as is_retained,
        -- Revenue without a customer counts as revenue, not as a logo.
        openings_by_survivor.account_id <> 'unassigned' as is_logo,
        {{ each_column(segment_columns().values(), 'openings_by_survivor.@') }}
    from openings_by_survivor
    inner join months
        on openings_by_survivor.month = months.month
    left outer join closings
        on
            openings_by_survivor.account_id = closings.account_id
            and openings_by_survivor.month = closings.month
)

select * from final
{%- endmacro %}
