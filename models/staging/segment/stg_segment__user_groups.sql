-- Grain: one row per Segment user and day from which it belonged to a group.
-- The group of the first version that was loaded holds for the time before it too.
{{ config(enabled=source_is_on('product', 'segment')) }}

with newest as (
    select *
    from {{ source('raw_segment', 'users') }}
    where group_id is not null
    qualify {{ is_newest(['id', 'received_at']) }}
),

final as (
    select
        id as user_id,
        group_id as account_key,
        case
            when row_number() over (partition by id order by received_at) = 1
                then cast('1900-01-01' as timestamp)
            else received_at
        end as valid_from,
        coalesce(
            lead(received_at) over (partition by id order by received_at),
            cast('9999-12-31' as timestamp)
        ) as valid_to
    from newest
)

select * from final
