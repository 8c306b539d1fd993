-- Grain: one row per billing customer that pays, or was billed in the last year, and that no
-- account id and no person brought to an account.
-- Either nothing did, or the domain of its e-mail. Stripe customers that were never delivered are
-- left out: they have a gap of their own (customer_unknown).
with keys as (
    select
        source_system,
        system_key,
        max(explicit_account_id) as explicit_account_id,
        max(mail_domain) as mail_domain
    from {{ ref('int_account_keys') }}
    group by
        source_system,
        system_key
),

matches as (
    select
        source_system,
        system_key,
        account_id,
        match_method
    from {{ ref('int_account_xref') }}
    where match_method in ('unmatched', 'domain')
),

account_mapping as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('account_mapping') }}
),

website_domains as (
    select
        website_domain,
        count(*) as holders
    from {{ ref('int_crm_accounts') }}
    where website_domain is not null
    group by website_domain
),

free_mail as (
    select domain
    from {{ ref('free_mail_domains') }}
),

crm as (
    select count(*) as accounts
    from {{ ref('int_crm_accounts') }}
),

delivered as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_customers'},
        {'customer_id': 'varchar', 'is_known': 'boolean'}
    ) }}
),

subscriptions as (
    select
        source_system,
        subscription_id,
        customer_key
    from {{ ref('int_billing_subscriptions') }}
),

active as (
    select
        subscriptions.source_system,
        subscriptions.customer_key as system_key,
        intervals.arr,
        intervals.valid_from as seen_on
    from subscriptions
    inner join {{ ref('int_arr_line_intervals') }} as intervals
        on
            subscriptions.source_system = intervals.source_system
            and subscriptions.subscription_id = intervals.subscription_id
    where
        intervals.arr <> 0
        and intervals.valid_from <= {{ as_of_date() }}
        and coalesce(intervals.valid_to > {{ as_of_date() }}, true)
    union all
    select
        source_system,
        customer_key as system_key,
        0 as arr,
        cast(issued_at as date) as seen_on
    from {{ ref('int_billing_invoices') }}
    where
        total > 0
        and {{ is_bill('status') }}
        and issued_at >= {{ dbt.dateadd('year', -1, as_of_date()) }}
        and cast(issued_at as date) <= {{ as_of_date() }}
),

customers as (
    select
        active.source_system,
        active.system_key,
        sum(active.arr) as arr,
        min(active.seen_on) as since
    from active
    left outer join delivered
        on
            active.source_system = delivered.source_system
            and active.system_key = delivered.customer_id
    where coalesce(delivered.is_known, true)
    group by
        active.source_system,
        active.system_key
),

final as (
    select
        customers.source_system,
        customers.system_key,
        customers.arr,
        customers.since,
        matches.account_id,
        matches.match_method,
        keys.explicit_account_id,
        keys.mail_domain,
        account_mapping.account_id as mapped_account_id,
        coalesce(website_domains.holders, 0) as domain_holders,
        free_mail.domain is not null as is_free_mail,
        crm.accounts > 0 as has_accounts
    from customers
    inner join matches
        on
            customers.source_system = matches.source_system
            and customers.system_key = matches.system_key
    inner join keys
        on
            matches.source_system = keys.source_system
            and matches.system_key = keys.system_key
    left outer join account_mapping
        on
            matches.source_system = account_mapping.source_system
            and matches.system_key = account_mapping.system_key
    left outer join website_domains
        on keys.mail_domain = website_domains.website_domain
    left outer join free_mail
        on keys.mail_domain = free_mail.domain
    cross join crm
)

select * from final
