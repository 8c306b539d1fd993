-- Grain: one row per CRM account and day from which it is merged into another one.
-- [merged_on, merged_until), known up to the as-of date. Who takes in an account is alive: where an
-- account that was merged takes in, later, the one that it had gone to, it is itself again from
-- that day on (a merge back), and the days in between keep their owner. Which of two merges of one
-- day was later says their time (merge_no), else no day would be left on which one of the two is
-- itself, and they would change places.
{% set columns = {
    'account_id': 'varchar',
    'merged_into_account_id': 'varchar',
    'merged_at': 'timestamp',
    'merged_on': 'date',
    'merged_until': 'date',
} %}

with recursive united as (
    {{ union_systems('crm', {'salesforce': 'int_salesforce_account_merges'}, columns) }}
),

account_merges as (
    select
        account_id,
        merged_into_account_id,
        merged_on,
        row_number() over (
            order by merged_on, merged_at, account_id
        ) as merge_no,
        case
            when merged_until <= {{ as_of_date() }} then merged_until
            else cast('9999-12-31' as date)
        end as merged_until
    from united
    where merged_on <= {{ as_of_date() }}
),

-- Where an account has gone to, step by step, and until when. A way whose merges were never in
-- force together ended before the last of them.
reached as (
    select
        account_id,
        merged_into_account_id as reached_account_id,
        merge_no as reached_no,
        merged_until as reached_until,
        '|' || account_id || '|' || merged_into_account_id || '|' as visited
    from account_merges
    union all
    select
        reached.account_id,
        account_merges.merged_into_account_id as reached_account_id,
        greatest(reached.reached_no, account_merges.merge_no) as reached_no,
        least(reached.reached_until, account_merges.merged_until) as reached_until,
        reached.visited || account_merges.merged_into_account_id || '|' as visited
    from reached
    inner join account_merges
        on reached.reached_account_id = account_merges.account_id
    where reached.visited not like '%|' || account_merges.merged_into_account_id || '|%'
),

returned as (
    select
        reached.account_id,
        account_merges.merge_no as returned_no,
        account_merges.merged_on as returned_on
    from account_merges
    inner join reached
        on
            account_merges.merged_into_account_id = reached.account_id
            and account_merges.account_id = reached.reached_account_id
            and account_merges.merge_no > reached.reached_no
            and account_merges.merged_on < reached.reached_until
),

ended as (
    select
        account_merges.account_id,
        account_merges.merged_into_account_id,
        account_merges.merged_on,
        least(account_merges.merged_until, min(returned.returned_on)) as merged_until
    from account_merges
    left outer join returned
        on
            account_merges.account_id = returned.account_id
            and account_merges.merge_no < returned.returned_no
    group by
        account_merges.account_id,
        account_merges.merged_into_account_id,
        account_merges.merged_on,
        account_merges.merged_until
),

final as (
    select
        account_id,
        merged_into_account_id,
        merged_on,
        nullif(merged_until, cast('9999-12-31' as date)) as merged_until
    from ended
    where merged_on < merged_until
)

select * from final
