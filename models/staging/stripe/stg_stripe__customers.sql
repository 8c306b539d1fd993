-- Grain: one row per Stripe customer.
-- Of a deleted customer only the id is left: what it was is taken from the last load before.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select
        *,
        coalesce(deleted, false) as is_deleted
    from {{ source('raw_stripe', 'customer') }}
    where {{ is_live('livemode') }}
),

newest as (
    select *
    from source
    qualify {{ is_newest(['id']) }}
),

last_known as (
    select *
    from source
    where not is_deleted
    qualify {{ is_newest(['id']) }}
),

first_deleted as (
    select
        id,
        min(_dlt_load_id) as load_id
    from source
    where is_deleted
    group by id
),

final as (
    select
        newest.id as customer_id,
        coalesce(newest.email, last_known.email) as email,
        coalesce(newest.name, last_known.name) as customer_name,
        {{ from_unix('coalesce(newest.created, last_known.created)') }} as created_at,
        upper(coalesce(newest.currency, last_known.currency)) as currency,
        coalesce(
            {{ json_text('newest.metadata', '$.crm_account_id') }},
            {{ json_text('last_known.metadata', '$.crm_account_id') }}
        ) as crm_account_id,
        coalesce(newest.discount, last_known.discount) as discount,
        coalesce(newest.delinquent, false) as is_delinquent,
        newest.is_deleted,
        -- Some loaders keep what a deleted customer was.
        last_known.id is not null or newest.created is not null as is_known,
        -- What a load brings in the morning is the state at the close of the day before.
        case
            when newest.is_deleted
                then {{ add_days('cast(' ~ loaded_at('first_deleted.load_id') ~ ' as date)', -1) }}
        end as deleted_seen_on
    from newest
    left outer join last_known
        on newest.id = last_known.id
    left outer join first_deleted
        on newest.id = first_deleted.id
)

select * from final
