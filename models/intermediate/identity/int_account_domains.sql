-- Grain: one row per domain that points to exactly one CRM account.
-- Free-mail domains point to nobody. A domain that two live accounts share points to neither;
-- a merged or deleted account holds its domain only while no live account has it.
with accounts as (
    select
        account_id,
        website_domain,
        (merged_into_account_id is null and not is_deleted) as is_live
    from {{ ref('int_crm_accounts') }}
    where website_domain is not null
),

free_mail as (
    select domain
    from {{ ref('free_mail_domains') }}
),

counted as (
    select
        accounts.website_domain,
        count(*) as holders,
        sum(case when accounts.is_live then 1 else 0 end) as live_holders,
        max(accounts.account_id) as any_account_id,
        max(case when accounts.is_live then accounts.account_id end) as live_account_id
    from accounts
    left outer join free_mail
        on accounts.website_domain = free_mail.domain
    where free_mail.domain is null
    group by accounts.website_domain
),

final as (
    select
        website_domain,
        coalesce(live_account_id, any_account_id) as account_id
    from counted
    where live_holders = 1 or (live_holders = 0 and holders = 1)
)

select * from final
