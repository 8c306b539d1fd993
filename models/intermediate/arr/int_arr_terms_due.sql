-- Grain: one row per subscription and day on which a term of it is due.
-- ATR is the ARR of the subscription on its last day of service in the term. is_unconfirmed: the
-- day is over, the contract runs on, and nothing says that it was renewed.
{% set grace_days = var('renewal_grace_days') %}

with terms as (
    select
        source_system,
        subscription_id,
        term_start,
        term_end as due_on,
        next_term_start,
        is_renewal_known,
        paid_from,
        case when paid_until <= {{ as_of_date() }} then paid_until end as paid_until
    from {{ ref('int_arr_terms') }}
),

intervals as (
    select
        source_system,
        subscription_id,
        account_id,
        contract_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        contract_arr as arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

-- The day on which the next term takes over: as agreed, or early.
renewal_days as (
    select
        *,
        least(coalesce(next_term_start, due_on), due_on) as renewal_on
    from terms
),

-- A renewal that is given up within the days of grace was none: the term before it was lost.
standing_terms as (
    select
        *,
        least(renewal_on, coalesce(paid_until, renewal_on)) as cut_on,
        coalesce(paid_until < {{ add_days('renewal_on', grace_days) }}, false) as is_given_up,
        (
            not is_renewal_known
            and paid_until is null
            and renewal_on <= {{ as_of_date() }}
        ) as is_unconfirmed
    from renewal_days
    where
        not coalesce(
            paid_until < {{ add_days('term_start', grace_days) }} and term_start > paid_from,
            false
        )
),

final as (
    select
        standing_terms.source_system,
        standing_terms.subscription_id,
        standing_terms.term_start,
        standing_terms.due_on,
        standing_terms.cut_on,
        standing_terms.is_given_up,
        standing_terms.is_unconfirmed,
        standing_terms.paid_until,
        max_by(intervals.account_id, intervals.arr) as account_id,
        max_by(intervals.contract_account_id, intervals.arr) as contract_account_id,
        sum(intervals.arr) as atr
    from standing_terms
    inner join intervals
        on
            standing_terms.source_system = intervals.source_system
            and standing_terms.subscription_id = intervals.subscription_id
            and intervals.valid_from
            <= least({{ add_days('standing_terms.cut_on', -1) }}, {{ as_of_date() }})
            and intervals.valid_to
            > least({{ add_days('standing_terms.cut_on', -1) }}, {{ as_of_date() }})
    group by
        standing_terms.source_system,
        standing_terms.subscription_id,
        standing_terms.term_start,
        standing_terms.due_on,
        standing_terms.cut_on,
        standing_terms.is_given_up,
        standing_terms.is_unconfirmed,
        standing_terms.paid_until
    having sum(intervals.arr) > 0
)

select * from final
