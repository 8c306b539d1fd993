-- Grain: one row per phase of an account and source key whose usage is the account's in the phase.
-- A phase is a stretch of days in which an account answers for the same source keys: until a
-- merge both accounts have their own, afterwards the survivor has both. Usage of all days counts
-- in the phase, so a window that reaches back behind the merge holds the usage of both.
with keys as (
    select
        accounts.source_system,
        accounts.account_key,
        xref.account_id
    from {{ ref('int_product_accounts') }} as accounts
    inner join {{ ref('int_account_xref') }} as xref
        on
            accounts.source_system = xref.source_system
            and accounts.account_key = xref.system_key
),

owned as (
    select
        keys.source_system,
        keys.account_key,
        ownership.owner_account_id,
        ownership.valid_from,
        coalesce(ownership.valid_to, cast('9999-12-31' as date)) as valid_to
    from keys
    inner join {{ ref('int_account_ownership') }} as ownership
        on keys.account_id = ownership.account_id
    where ownership.owner_account_id <> 'unassigned'
),

cuts as (
    select
        owner_account_id,
        valid_from as cut_on
    from owned
    union
    select
        owner_account_id,
        valid_to as cut_on
    from owned
),

phases as (
    select
        owner_account_id,
        cut_on as phase_from,
        lead(cut_on) over (partition by owner_account_id order by cut_on) as phase_to,
        cast(row_number() over (order by owner_account_id, cut_on) as integer) as phase_no
    from cuts
),

final as (
    select
        phases.phase_no,
        phases.owner_account_id as account_id,
        phases.phase_from,
        phases.phase_to,
        owned.source_system,
        owned.account_key
    from phases
    inner join owned
        on
            phases.owner_account_id = owned.owner_account_id
            and phases.phase_from >= owned.valid_from
            and phases.phase_from < owned.valid_to
)

select * from final
