-- Grain: one row per user number and day from which it belonged to an account key.
-- A number whose events name their account belongs to it for ever. One without belongs to the
-- account that its user had on the day (the last of the day), else to none (empty key). That is
-- told here, when counts are read, and not stored with them: who belongs where is often known
-- later than the events. Excluded users are still here.
{% set columns = {
    'user_id': 'varchar',
    'account_key': 'varchar',
    'valid_from': 'timestamp',
    'valid_to': 'timestamp',
} %}

with user_keys as (
    select
        user_no,
        source_system,
        nullif(account_key, '') as account_key,
        nullif(user_id, '') as user_id
    from {{ ref('int_product_user_keys') }}
),

united as (
    {{ union_systems(
        'product',
        {'segment': 'stg_segment__user_groups', 'files': 'stg_files__user_accounts'},
        columns
    ) }}
),

memberships as (
    select
        source_system,
        user_id,
        account_key,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to
    from united
    where cast(valid_from as date) < cast(valid_to as date)
),

-- Apart, so that the numbers that name their account, most of them, are joined with nothing.
final as (
    select
        user_no,
        source_system,
        account_key,
        user_id,
        cast('1900-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to
    from user_keys
    where account_key is not null
    union all
    select
        user_keys.user_no,
        user_keys.source_system,
        coalesce(memberships.account_key, '') as account_key,
        user_keys.user_id,
        coalesce(memberships.valid_from, cast('1900-01-01' as date)) as valid_from,
        coalesce(memberships.valid_to, cast('9999-12-31' as date)) as valid_to
    from user_keys
    left outer join memberships
        on
            user_keys.source_system = memberships.source_system
            and user_keys.user_id = memberships.user_id
    where user_keys.account_key is null
)

select * from final
