-- Grain: one row per billing customer and gap: whose revenue this is, is not known, or doubtful.
-- Where there is no account at all, one row per billing system says so for all of its customers.
with customers as (
    select
        source_system,
        system_key,
        arr,
        since,
        account_id,
        match_method,
        explicit_account_id,
        mail_domain,
        mapped_account_id,
        domain_holders,
        is_free_mail,
        has_accounts
    from {{ ref('int_gaps_customer_matches') }}
),

final as (
    select
        source_system,
        'customer' as object_type,
        system_key as object_id,
        case when match_method = 'domain' then 'account_id_unknown' else 'account_unknown' end
            as gap,
        'Customer ' || system_key || ' '
        || case
            when mapped_account_id is not null and match_method = 'unmatched'
                then
                    'is account ' || mapped_account_id || ' by seed account_mapping, which the '
                    || 'CRM does not have'
            when explicit_account_id is not null
                then 'names account ' || explicit_account_id || ', which the CRM does not have'
            when mail_domain is null then 'names no account and has no e-mail address'
            when is_free_mail
                then 'names no account, and its e-mail is of the mail provider ' || mail_domain
            when domain_holders = 0
                then 'names no account, and none has the domain of its e-mail, ' || mail_domain
            else
                'names no account, and more than one has the domain of its e-mail, '
                || mail_domain
        end
        || case
            when match_method = 'domain'
                then ': by the domain of its e-mail it counts for account ' || account_id || '.'
            else ': what it pays counts as unassigned.'
        end as what_is_missing,
        account_id,
        cast(1 as bigint) as row_count,
        cast(arr as decimal(18, 2)) as arr_affected,
        since,
        case
            when source_system = 'files'
                then
                    'Deliver the account, correct account_id, or map the customer in seed '
                    || 'account_mapping.'
            when match_method = 'domain'
                then 'Correct metadata.crm_account_id of the customer, or take it out.'
            else
                'Write the id of its CRM account into metadata.crm_account_id of the customer, '
                || 'map it in seed account_mapping, or give one account the domain of its e-mail '
                || 'as website.'
        end as remedy,
        'warning' as severity
    from customers
    where
        has_accounts
        and (match_method = 'unmatched' or explicit_account_id is not null)
    union all
    select
        source_system,
        'billing_system' as object_type,
        source_system as object_id,
        'accounts_missing' as gap,
        'There is no account: the ' || cast(count(*) as varchar) || ' customers of '
        || source_system || ' that pay or were billed in the last year count together as '
        || 'unassigned. Customers, logo retention and churn are not known, and NRR and GRR are '
        || 'those of one customer: who is new counts as expansion.' as what_is_missing,
        cast('unassigned' as varchar) as account_id,
        count(*) as row_count,
        cast(sum(arr) as decimal(18, 2)) as arr_affected,
        min(since) as since,
        'Name a system for domain crm in company.yml; a file of accounts is enough '
        || '(account_id, account_name), with the customers in seed account_mapping.' as remedy,
        'warning' as severity
    from customers
    where not has_accounts
    group by source_system
)

select * from final
