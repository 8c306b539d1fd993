-- Grain: one row per CRM account and day from which it is merged into another one.
-- [merged_on, merged_until), known up to the as-of date. Who takes in an account is alive: where an
-- account that was merged takes in, later, the one that it had gone to, it is itself again from
-- that day on (a merge back), and the days in between keep their owner.
{% set columns = {
    'account_id': 'varchar',
    'merged_into_account_id': 'varchar',
    'merged_on': 'date',
    'merged_until': 'date',
} %}

with recursive united as (
    {{ union_systems('crm', {'salesforce': 'int_salesforce_account_merges'}, columns) }}
),

merges as (
    select
        account_id,
        merged_into_account_id,
        merged_on,
        case
            when merged_until <= {{ as_of_date() }} then merged_until
            else cast('9999-12-31' as date)
        end as merged_until
    from united
    where merged_on <= {{ as_of_date() }}
),

-- Where an account has gone to, step by step, and on which days.
reached as (
    select
        account_id,
        merged_into_account_id as reached_account_id,
        merged_on as reached_on,
        merged_until as reached_until,
        '|' || account_id || '|' || merged_into_account_id || '|' as visited
    from merges
    union all
    select
        reached.account_id,
        merges.merged_into_account_id as reached_account_id,
        greatest(reached.reached_on, merges.merged_on) as reached_on,
        least(reached.reached_until, merges.merged_until) as reached_until,
        reached.visited || merges.merged_into_account_id || '|' as visited
    from reached
    inner join merges
        on
            reached.reached_account_id = merges.account_id
            and reached.reached_on < merges.merged_until
            and reached.reached_until > merges.merged_on
    where reached.visited not like '%|' || merges.merged_into_account_id || '|%'
),

returned as (
    select
        reached.account_id,
        merges.merged_on as returned_on
    from merges
    inner join reached
        on
            merges.merged_into_account_id = reached.account_id
            and merges.account_id = reached.reached_account_id
            and merges.merged_on > reached.reached_on
            and merges.merged_on < reached.reached_until
),

final as (
    select
        merges.account_id,
        merges.merged_into_account_id,
        merges.merged_on,
        nullif(
            least(merges.merged_until, min(returned.returned_on)), cast('9999-12-31' as date)
        ) as merged_until
    from merges
    left outer join returned
        on
            merges.account_id = returned.account_id
            and merges.merged_on < returned.returned_on
    group by
        merges.account_id,
        merges.merged_into_account_id,
        merges.merged_on,
        merges.merged_until
)

select * from final
