-- Grain: one row per term that was given up and renewed by another subscription of the account.
-- The new one begins early or, within late_renewal_days, late.
with terms_due as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        term_start,
        due_on,
        is_given_up,
        paid_until,
        atr
    from {{ ref('int_arr_terms_due') }}
),

intervals as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

first_days as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        min(valid_from) as renewed_on
    from intervals
    where arr > 0
    group by
        source_system,
        subscription_id,
        contract_account_id
),

successors as (
    select
        terms_due.source_system,
        terms_due.subscription_id,
        terms_due.term_start,
        terms_due.atr,
        first_days.source_system as successor_source,
        first_days.subscription_id as successor_id,
        first_days.renewed_on
    from terms_due
    inner join first_days
        on
            terms_due.contract_account_id = first_days.contract_account_id
            and terms_due.paid_until <= first_days.renewed_on
            and {{ add_days('terms_due.due_on', var('late_renewal_days')) }}
            >= first_days.renewed_on
            and terms_due.subscription_id <> first_days.subscription_id
    where
        terms_due.is_given_up
        and terms_due.contract_account_id <> 'unassigned'
),

-- One new subscription renews one old one: the largest of those it could, the earliest it can be.
ranked_successors as (
    select
        *,
        row_number() over (
            partition by source_system, subscription_id, term_start
            order by renewed_on, successor_id
        ) as choice,
        row_number() over (
            partition by successor_source, successor_id
            order by atr desc, subscription_id asc
        ) as claim
    from successors
),

final as (
    select
        ranked_successors.source_system,
        ranked_successors.subscription_id,
        ranked_successors.term_start,
        ranked_successors.successor_id,
        ranked_successors.renewed_on,
        sum(intervals.arr) as renewed_arr
    from ranked_successors
    inner join intervals
        on
            ranked_successors.successor_source = intervals.source_system
            and ranked_successors.successor_id = intervals.subscription_id
            and ranked_successors.renewed_on >= intervals.valid_from
            and ranked_successors.renewed_on < intervals.valid_to
    where
        ranked_successors.choice = 1
        and ranked_successors.claim = 1
    group by
        ranked_successors.source_system,
        ranked_successors.subscription_id,
        ranked_successors.term_start,
        ranked_successors.successor_id,
        ranked_successors.renewed_on
)

select * from final
