-- Grain: one row per account and day on which an unbroken spell in a band began.
-- A spell ends on the first day with another band, or without a contract.
with days as (
    select
        account_id,
        date_day,
        band
    from {{ ref('fct_account_health_day') }}
),

numbered as (
    select
        account_id,
        date_day,
        band,
        row_number() over (partition by account_id, band order by date_day) as day_number
    from days
),

-- The days of an unbroken spell are all as far from their number.
spells as (
    select
        account_id,
        date_day,
        band,
        {{ add_days('date_day', '-day_number') }} as spell
    from numbered
),

final as (
    select
        account_id,
        band,
        cast(min(date_day) as date) as started_on,
        cast({{ add_days('max(date_day)', 1) }} as date) as ended_on,
        max(date_day) = {{ as_of_date() }} as is_running
    from spells
    group by
        account_id,
        band,
        spell
)

select * from final
