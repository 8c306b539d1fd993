-- Grain: one row per user number that is excluded from usage, with one of the reasons.
-- By the user's id or e-mail address of today (seed excluded_users).
with user_keys as (
    select
        user_no,
        source_system,
        user_id
    from {{ ref('int_product_user_keys') }}
),

users as (
    select
        source_system,
        user_id,
        email
    from {{ ref('int_product_users') }}
),

rules as (
    select
        match_by,
        lower(value) as value,
        reason
    from {{ ref('excluded_users') }}
),

final as (
    select
        user_keys.user_no,
        min(user_keys.source_system) as source_system,
        min(user_keys.user_id) as user_id,
        min(rules.reason) as reason
    from user_keys
    left outer join users
        on
            user_keys.source_system = users.source_system
            and user_keys.user_id = users.user_id
    inner join rules
        on
            (rules.match_by = 'user_id' and lower(user_keys.user_id) = rules.value)
            or (rules.match_by = 'user_pattern' and lower(user_keys.user_id) like rules.value)
            or (rules.match_by = 'email' and lower(users.email) = rules.value)
            or (rules.match_by = 'email_pattern' and lower(users.email) like rules.value)
            or (
                rules.match_by = 'email_domain'
                and (
                    lower(users.email) like '%@' || rules.value
                    or lower(users.email) like '%@%.' || rules.value
                )
            )
    group by user_keys.user_no
)

select * from final
