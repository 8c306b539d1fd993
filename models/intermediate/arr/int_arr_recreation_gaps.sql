-- Grain: one row per source system and contract that was made anew with a start in the past.
with recreations as (
    select
        source_system,
        subscription_id,
        account_id,
        uncounted_from,
        uncounted_to,
        made_on,
        old_id,
        arr
    from {{ ref('int_arr_recreations') }}
),

final as (
    select
        source_system,
        'subscription' as object_type,
        subscription_id as object_id,
        'recreated' as gap,
        'Subscription ' || subscription_id || ' was made on '
        || cast(max(made_on) as varchar) || ' with a start before it, in the place of '
        || max(old_id) || '; from ' || cast(min(uncounted_from) as varchar) || ' to '
        || cast(max(uncounted_to) as varchar) || ' the contract of that time counts, it does not.'
            as what_is_missing,
        max(account_id) as account_id,
        count(*) as row_count,
        cast(sum(arr) as decimal(18, 2)) as arr_affected,
        min(uncounted_from) as since,
        'None if it is so; else set overlap_policy to both.' as remedy,
        'info' as severity
    from recreations
    where '{{ var("overlap_policy") }}' = 'once'
    group by source_system, subscription_id
)

select * from final
