-- Grain: one row per subscription and end of a term: was its renewal prepared by a touchpoint?
with renewals as (
    select
        source_system,
        subscription_id,
        account_id,
        due_on,
        {{ add_days('due_on', -var('renewal_preparation_days')) }} as prepare_from
    from {{ ref('fct_renewal') }}
),

accounts as (
    select
        account_id,
        coalesce(merged_into_account_id, account_id) as holder_id
    from {{ ref('dim_account') }}
),

touchpoints as (
    select
        account_id,
        cast(occurred_at as date) as held_on
    from {{ ref('fct_touchpoint') }}
    where is_held
),

-- Who answers for the account since a merge is asked.
last_held as (
    select
        renewals.source_system,
        renewals.subscription_id,
        renewals.account_id,
        renewals.due_on,
        renewals.prepare_from,
        max(touchpoints.held_on) as prepared_on
    from renewals
    left outer join accounts
        on renewals.account_id = accounts.account_id
    left outer join touchpoints
        on
            accounts.holder_id = touchpoints.account_id
            and renewals.prepare_from <= touchpoints.held_on
            and renewals.due_on > touchpoints.held_on
    group by
        renewals.source_system,
        renewals.subscription_id,
        renewals.account_id,
        renewals.due_on,
        renewals.prepare_from
),

final as (
    select
        source_system,
        subscription_id,
        account_id,
        due_on,
        prepare_from,
        prepared_on,
        case
            when prepared_on is not null then true
            when
                prepare_from <= {{ as_of_date() }}
                and (select min(held.held_on) from touchpoints as held) <= prepare_from
                then false
        end as is_prepared
    from last_held
)

select * from final
