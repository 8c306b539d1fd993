-- Grain: one row per account in scope and day from which its features and seats hold.
-- Half-open intervals without gaps from the account's read_from to the day after the as-of date.
-- Within one nothing changes, so the running totals are taken here, over few rows, and not over
-- every day.
{{ config(materialized='ephemeral') }}

with scope as (
    select
        account_no,
        read_from
    from {{ ref('int_product_usage_scope') }}
),

changes as (
    select
        account_no,
        read_from as usage_date,
        0 as used,
        0 as entitled,
        0 as activated,
        0 as seat_change
    from scope
    union all
    select
        account_no,
        usage_date,
        used,
        entitled,
        activated,
        0 as seat_change
    from {{ ref('int_product_feature_changes') }}
    union all
    select
        account_no,
        usage_date,
        0 as used,
        0 as entitled,
        0 as activated,
        seat_change
    from {{ ref('int_product_seat_changes') }}
),

change_days as (
    select
        account_no,
        usage_date,
        sum(used) as used,
        sum(entitled) as entitled,
        sum(activated) as activated,
        sum(seat_change) as seat_change
    from changes
    group by
        account_no,
        usage_date
),

running as (
    select
        account_no,
        usage_date as valid_from,
        lead(usage_date) over so_far as next_change_on,
        {%- for count in ['used', 'entitled', 'activated'] %}
        sum({{ count }}) over so_far as key_features_{{ count }},
        {%- endfor %}
        sum(seat_change) over so_far as seats
    from change_days
    window so_far as (partition by account_no order by usage_date)
),

final as (
    select
        account_no,
        valid_from,
        coalesce(next_change_on, {{ add_days(as_of_date(), 1) }}) as valid_to,
        {%- for count in ['used', 'entitled', 'activated'] %}
        cast(key_features_{{ count }} as integer) as key_features_{{ count }},
        {%- endfor %}
        cast(seats as decimal(18, 4)) as seats
    from running
)

select * from final
