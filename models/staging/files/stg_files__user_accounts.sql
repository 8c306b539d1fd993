-- Grain: one row per user and day from which it belonged to an account.
-- A file of users says who belongs where as of the day for which it is delivered; the first one
-- speaks for the time before it too, and a day has the last word on it.
{{ config(enabled=source_is_on('product', 'files')) }}

with newest as (
    select
        user_id,
        account_id,
        _dlt_load_id as load_id
    from {{ source('raw_files', 'users') }}
    qualify {{ is_newest(['user_id', '_dlt_load_id']) }}
),

deliveries as (
    {{ files_delivery_days('users') }}
),

dated as (
    select
        newest.user_id,
        newest.account_id,
        newest.load_id,
        case
            when
                row_number() over (partition by newest.user_id order by newest.load_id) = 1
                then cast('1900-01-01' as timestamp)
            else coalesce(
                cast(deliveries.delivered_on as timestamp), {{ loaded_at('newest.load_id') }}
            )
        end as valid_from
    from newest
    left outer join deliveries
        on newest.load_id = deliveries.load_id
),

last_of_day as (
    select *
    from dated
    qualify row_number() over (partition by user_id, valid_from order by load_id desc) = 1
),

final as (
    select
        user_id,
        account_id as account_key,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by user_id order by valid_from),
            cast('9999-12-31' as timestamp)
        ) as valid_to
    from last_of_day
)

select * from final
