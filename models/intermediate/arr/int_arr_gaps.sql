-- Grain: one row per source system, object and gap: what the ARR ledger had to decide by itself.
with accounts as (
    select
        account_id,
        source_system,
        is_deleted
    from {{ ref('int_crm_accounts') }}
),

account_merges as (
    select
        account_id,
        merged_into_account_id,
        merged_on
    from {{ ref('int_account_merges') }}
    where merged_until is null
),

paying as (
    select
        account_id,
        contract_account_id,
        min(valid_from) as paid_from,
        sum(arr) as arr
    from {{ ref('int_arr_line_intervals') }}
    where
        arr <> 0
        and valid_from <= {{ as_of_date() }}
        and coalesce(valid_to > {{ as_of_date() }}, true)
    group by
        account_id,
        contract_account_id
),

below_zero as (
    select
        uncounted.source_system,
        'account' as object_type,
        uncounted.account_id as object_id,
        'account_below_zero' as gap,
        'More is taken away from account ' || uncounted.account_id || ' than it pays, by up to '
        || cast(max(-uncounted.account_arr) as varchar) || ' a year, first on '
        || cast(min(uncounted.uncounted_from) as varchar) || ' (lines '
        || {{ dbt.listagg(
            'distinct uncounted.subscription_item_id', "', '",
            'order by uncounted.subscription_item_id'
        ) }}
        || '); on such days its ARR is 0.' as what_is_missing,
        uncounted.account_id,
        count(distinct uncounted.subscription_item_id) as row_count,
        max(-uncounted.account_arr) as arr_affected,
        min(uncounted.uncounted_from) as since,
        'Correct the negative line, or the price of what it is taken from.' as remedy,
        'warning' as severity
    from {{ ref('int_arr_uncounted') }} as uncounted
    where
        uncounted.reason = 'below_zero'
        and uncounted.uncounted_from <= {{ as_of_date() }}
    group by
        uncounted.source_system,
        uncounted.account_id
),

overlapping as (
    select
        source_system,
        'subscription' as object_type,
        subscription_id as object_id,
        case when is_certain then 'renewed_before_it_was_over' else 'renewed_perhaps' end as gap,
        case
            when is_certain
                then
                    'Subscription ' || subscription_id || ' ran on for '
                    || cast(max({{ days_between('renewed_on', 'ends_on') }}) as varchar)
                    || ' days to ' || cast(max(ends_on) as varchar) || ' when '
                    || min_by(successor_id, renewed_on) || ' had renewed it on '
                    || cast(min(renewed_on) as varchar) || '; those days count {{
                        "the new one only" if var("overlap_policy") == "once" else "both"
                    }}.'
            else
                'The term of subscription ' || subscription_id || ' is over on '
                || cast(max(ends_on) as varchar) || ', and ' || min_by(successor_id, renewed_on)
                || ' began on ' || cast(min(renewed_on) as varchar) || ' with its product: nothing'
                || ' says whether it is renewed or both go on; both count.'
        end as what_is_missing,
        max_by(account_id, renewed_on) as account_id,
        count(*) as row_count,
        sum(arr) as arr_affected,
        min(renewed_on) as since,
        case
            when is_certain then 'None if it is so; else set overlap_policy or early_renewal_days.'
            else 'Deliver auto_renew of the subscription, or its end.'
        end as remedy,
        case when is_certain then 'info' else 'warning' end as severity
    from {{ ref('int_arr_successions') }}
    where renewed_on < ends_on
    group by source_system, subscription_id, is_certain
),

unconfirmed as (
    select
        source_system,
        'subscription' as object_type,
        subscription_id as object_id,
        'renewal_unconfirmed' as gap,
        'The term of subscription ' || subscription_id || ' was over on '
        || cast(min(due_on) as varchar) || ', it runs on, and nothing says that it was renewed: no '
        || 'auto_renew, no bill and no version of a line for the time after it.'
            as what_is_missing,
        max_by(account_id, due_on) as account_id,
        count(*) as row_count,
        max_by(atr, due_on) as arr_affected,
        min(due_on) as since,
        'Deliver the term it is in now, auto_renew, its invoice lines, or its end.' as remedy,
        'warning' as severity
    from {{ ref('int_arr_terms_due') }}
    where is_unconfirmed
    group by
        source_system,
        subscription_id
),

deleted as (
    select
        accounts.source_system,
        'account' as object_type,
        accounts.account_id as object_id,
        'deleted_account_pays' as gap,
        'Account ' || accounts.account_id || ' was deleted in the CRM and still has '
        || cast(sum(paying.arr) as varchar) || ' of ARR.' as what_is_missing,
        accounts.account_id,
        count(*) as row_count,
        sum(paying.arr) as arr_affected,
        min(paying.paid_from) as since,
        'Restore or merge the account in the CRM, or end its subscriptions.' as remedy,
        'warning' as severity
    from accounts
    inner join paying
        on accounts.account_id = paying.account_id
    where accounts.is_deleted
    group by
        accounts.source_system,
        accounts.account_id
),

lost as (
    select
        accounts.source_system,
        'account' as object_type,
        account_merges.account_id as object_id,
        'survivor_unknown' as gap,
        'Account ' || account_merges.account_id || ' was merged into '
        || account_merges.merged_into_account_id || ' on '
        || cast(account_merges.merged_on as varchar)
        || ', which the CRM does not have; what it has counts as unassigned.' as what_is_missing,
        cast('unassigned' as varchar) as account_id,
        count(*) as row_count,
        sum(paying.arr) as arr_affected,
        account_merges.merged_on as since,
        'Deliver the account that it was merged into.' as remedy,
        'warning' as severity
    from account_merges
    inner join accounts
        on account_merges.account_id = accounts.account_id
    left outer join accounts as survivors
        on account_merges.merged_into_account_id = survivors.account_id
    left outer join paying
        on account_merges.account_id = paying.contract_account_id
    where survivors.account_id is null
    group by
        accounts.source_system,
        account_merges.account_id,
        account_merges.merged_into_account_id,
        account_merges.merged_on
),

united as (
    {%- for part in ['below_zero', 'overlapping', 'unconfirmed', 'deleted', 'lost'] %}
    select * from {{ part }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        source_system,
        object_type,
        object_id,
        gap,
        what_is_missing,
        account_id,
        cast(row_count as bigint) as row_count,
        cast(arr_affected as decimal(18, 2)) as arr_affected,
        since,
        remedy,
        severity
    from united
)

select * from final
