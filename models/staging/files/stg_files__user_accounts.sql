-- Grain: one row per user and day from which it belonged to an account.
-- A file of users says who belongs where when it is delivered; the first delivery speaks for the
-- time before it too.
{{ config(enabled=source_is_on('product', 'files')) }}

with newest as (
    select
        user_id,
        account_id,
        {{ loaded_at('_dlt_load_id') }} as delivered_at
    from {{ source('raw_files', 'users') }}
    qualify {{ is_newest(['user_id', '_dlt_load_id']) }}
),

final as (
    select
        user_id,
        account_id as account_key,
        case
            when row_number() over (partition by user_id order by delivered_at) = 1
                then cast('1900-01-01' as timestamp)
            else delivered_at
        end as valid_from,
        coalesce(
            lead(delivered_at) over (partition by user_id order by delivered_at),
            cast('9999-12-31' as timestamp)
        ) as valid_to
    from newest
)

select * from final
