-- Grain: one row per source system, key and e-mail domain that could tell which account it is.
-- Every key by which a source system names a customer: the CRM account id that the source itself
-- gives (explicit_account_id) and the e-mail or website domain. Most keys have one domain.
with keys as (
    select
        source_system,
        account_id as system_key,
        account_id as explicit_account_id,
        cast(null as varchar) as mail_domain
    from {{ ref('int_crm_accounts') }}
    {%- if source_is_on_anywhere('files') %}
    union
    select
        'files' as source_system,
        account_id as system_key,
        account_id as explicit_account_id,
        cast(null as varchar) as mail_domain
    from {{ ref('int_files_account_keys') }}
    {%- endif %}
    {%- if source_is_on('billing', 'stripe') %}
    union
    select
        'stripe' as source_system,
        customer_id as system_key,
        crm_account_id as explicit_account_id,
        {{ web_domain('email') }} as mail_domain
    from {{ ref('int_stripe_customer_keys') }}
    {%- endif %}
    {%- if source_is_on('product', 'segment') %}
    union
    select
        'segment' as source_system,
        group_id as system_key,
        crm_account_id as explicit_account_id,
        {{ web_domain('domain') }} as mail_domain
    from {{ ref('stg_segment__groups') }}
    {%- endif %}
    {%- if source_is_on('support', 'zendesk') %}
    union
    select
        'zendesk' as source_system,
        organization_id as system_key,
        crm_account_id as explicit_account_id,
        mail_domain
    from {{ ref('int_zendesk_organization_domains') }}
    {%- endif %}
    {%- if source_is_on('feedback', 'delighted') %}
    union
    select
        'delighted' as source_system,
        person_key as system_key,
        crm_account_id as explicit_account_id,
        {{ web_domain('email') }} as mail_domain
    from {{ ref('int_delighted_people') }}
    {%- endif %}
),

final as (
    select
        source_system,
        system_key,
        mail_domain,
        nullif(trim(explicit_account_id), '') as explicit_account_id
    from keys
    where system_key is not null
)

select * from final
