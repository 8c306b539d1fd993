-- Grain: one row per source system and account key that sent or reported usage.
-- Which account the usage of a key belongs to today: the matched CRM account, or its survivor
-- after a merge. Usage before the merge moves with it.
with keys as (
    select
        source_system,
        account_key
    from {{ ref('int_product_user_spells') }}
    group by
        source_system,
        account_key
),

xref as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

survivors as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

final as (
    select
        keys.source_system,
        keys.account_key,
        coalesce(survivors.survivor_account_id, xref.account_id, 'unassigned') as account_id
    from keys
    left outer join xref
        on
            keys.source_system = xref.source_system
            and keys.account_key = xref.system_key
    left outer join survivors
        on xref.account_id = survivors.account_id
)

select * from final
