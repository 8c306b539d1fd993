-- Grain: one row per Zendesk organization and domain of it; one row without a domain otherwise.
{{ config(enabled=source_is_on('support', 'zendesk'), materialized='view') }}

with organizations as (
    select
        organization_id,
        crm_account_id,
        domain_names
    from {{ ref('stg_zendesk__organizations') }}
),

exploded as (
    select
        organization_id,
        {{ json_elements('domain_names', '$') }} as domain_name
    from organizations
),

domains as (
    select distinct
        organization_id,
        {{ web_domain('domain_name') }} as mail_domain
    from exploded
),

final as (
    select
        organizations.organization_id,
        organizations.crm_account_id,
        domains.mail_domain
    from organizations
    left outer join domains
        on organizations.organization_id = domains.organization_id
)

select * from final
