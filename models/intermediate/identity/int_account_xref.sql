-- Grain: one row per source system and key.
-- Which CRM account a source system's key means, and how we know: the account id the source
-- gives (own_key, explicit), the mapping a person made (manual), the e-mail or website domain
-- (domain). What nothing matches is 'unassigned'. A deleted account keeps what is its own. Ids of
-- 15 and of 18 characters are one. Ids are as before merges: follow int_account_survivors or
-- int_account_ownership for who answers for a merged account.
with keys as (
    select
        source_system,
        system_key,
        explicit_account_id,
        mail_domain
    from {{ ref('int_account_keys') }}
),

accounts as (
    select
        account_id,
        {{ crm_id_key('account_id') }} as account_key,
        source_system
    from {{ ref('int_crm_accounts') }}
),

mapping as (
    select
        mapped.source_system,
        mapped.system_key,
        accounts.account_id
    from {{ ref('account_mapping') }} as mapped
    inner join accounts
        on {{ crm_id_key('mapped.account_id') }} = accounts.account_key
),

domains as (
    select
        website_domain,
        account_id
    from {{ ref('int_account_domains') }}
),

candidates as (
    select
        keys.source_system,
        keys.system_key,
        max(accounts.account_id) as explicit_account_id,
        max(accounts.source_system) as explicit_source_system,
        max(mapping.account_id) as manual_account_id,
        -- Domains of one key that point to different accounts prove nothing.
        case
            when min(domains.account_id) = max(domains.account_id) then max(domains.account_id)
        end as domain_account_id
    from keys
    left outer join accounts
        on {{ crm_id_key('keys.explicit_account_id') }} = accounts.account_key
    left outer join mapping
        on
            keys.source_system = mapping.source_system
            and keys.system_key = mapping.system_key
    left outer join domains
        on keys.mail_domain = domains.website_domain
    group by
        keys.source_system,
        keys.system_key
),

final as (
    select
        source_system,
        system_key,
        coalesce(
            explicit_account_id, manual_account_id, domain_account_id, 'unassigned'
        ) as account_id,
        case
            when explicit_account_id = system_key and explicit_source_system = source_system
                then 'own_key'
            when explicit_account_id is not null then 'explicit'
            when manual_account_id is not null then 'manual'
            when domain_account_id is not null then 'domain'
            else 'unmatched'
        end as match_method,
        coalesce(explicit_account_id, manual_account_id, domain_account_id) is not null
            as is_matched
    from candidates
)

select * from final
