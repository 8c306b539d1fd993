-- Grain: one row per subscription and day on which a term of it is due.
-- ATR is the ARR of the subscription on its last day of service in the term. What becomes of it
-- counts for the day it was due: renewed by the subscription itself, or by a new subscription of
-- the account that follows the old one early or, within late_renewal_days, late.
{% set grace_days = var('renewal_grace_days', 30) %}

with terms as (
    select
        source_system,
        subscription_id,
        term_start,
        term_end as due_on,
        next_term_start,
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
        is_paused,
        arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

subscriptions as (
    select
        source_system,
        subscription_id,
        cancel_requested_at
    from {{ ref('int_billing_subscriptions') }}
),

account_months as (
    select
        account_id,
        month,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_month') }}
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
        coalesce(paid_until < {{ add_days('renewal_on', grace_days) }}, false) as is_given_up
    from renewal_days
    where
        not coalesce(
            paid_until < {{ add_days('term_start', grace_days) }} and term_start > paid_from,
            false
        )
),

due as (
    select
        standing_terms.source_system,
        standing_terms.subscription_id,
        standing_terms.term_start,
        standing_terms.due_on,
        standing_terms.cut_on,
        standing_terms.is_given_up,
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
        standing_terms.paid_until
    having sum(intervals.arr) > 0
),

-- The subscription itself on the day of the renewal.
renewed_by_itself as (
    select
        due.source_system,
        due.subscription_id,
        due.term_start,
        sum(intervals.arr) as renewed_arr,
        bool_or(intervals.is_paused) as is_paused
    from due
    inner join intervals
        on
            due.source_system = intervals.source_system
            and due.subscription_id = intervals.subscription_id
            and due.cut_on >= intervals.valid_from
            and due.cut_on < intervals.valid_to
    where
        not due.is_given_up
        and due.cut_on <= {{ as_of_date() }}
    group by
        due.source_system,
        due.subscription_id,
        due.term_start
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
        due.source_system,
        due.subscription_id,
        due.term_start,
        due.atr,
        first_days.source_system as successor_source,
        first_days.subscription_id as successor_id,
        first_days.renewed_on
    from due
    inner join first_days
        on
            due.contract_account_id = first_days.contract_account_id
            and due.paid_until <= first_days.renewed_on
            and {{ add_days('due.due_on', var('late_renewal_days')) }} >= first_days.renewed_on
            and due.subscription_id <> first_days.subscription_id
    where
        due.is_given_up
        and due.contract_account_id <> 'unassigned'
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

renewed_by_successor as (
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
),

joined as (
    select
        due.source_system,
        due.subscription_id,
        due.account_id,
        due.term_start,
        due.due_on,
        due.is_given_up,
        due.paid_until,
        due.atr,
        not due.is_given_up and due.cut_on > {{ as_of_date() }} as is_pending,
        case
            when due.is_given_up then renewed_by_successor.renewed_on
            when renewed_by_itself.renewed_arr > 0 then due.cut_on
        end as renewed_on,
        renewed_by_successor.successor_id,
        coalesce(
            case
                when due.is_given_up then renewed_by_successor.renewed_arr
                else renewed_by_itself.renewed_arr
            end,
            0
        ) as renewed_arr,
        coalesce(renewed_by_itself.is_paused, false) as is_paused
    from due
    left outer join renewed_by_itself
        on
            due.source_system = renewed_by_itself.source_system
            and due.subscription_id = renewed_by_itself.subscription_id
            and due.term_start = renewed_by_itself.term_start
    left outer join renewed_by_successor
        on
            due.source_system = renewed_by_successor.source_system
            and due.subscription_id = renewed_by_successor.subscription_id
            and due.term_start = renewed_by_successor.term_start
),

final as (
    select
        joined.source_system,
        joined.subscription_id,
        joined.account_id,
        joined.term_start,
        joined.due_on,
        cast({{ dbt.date_trunc('month', 'joined.due_on') }} as date) as due_month,
        cast(joined.atr as decimal(18, 2)) as atr,
        cast(case when not joined.is_pending then joined.renewed_arr end as decimal(18, 2))
            as renewed_arr,
        cast(
            case when not joined.is_pending then least(joined.renewed_arr, joined.atr) end
            as decimal(18, 2)
        ) as renewed_atr,
        joined.renewed_on,
        joined.successor_id as renewed_by_subscription_id,
        case
            when joined.renewed_on < joined.due_on then 'early'
            when joined.renewed_on = joined.due_on then 'on_time'
            when joined.renewed_on > joined.due_on then 'late'
        end as timing,
        case
            when joined.is_pending then 'pending'
            when joined.renewed_arr = 0 and joined.is_paused then 'paused'
            when joined.renewed_arr = 0 then 'churned'
            when joined.renewed_arr < joined.atr then 'contracted'
            when joined.renewed_arr > joined.atr then 'expanded'
            else 'renewed'
        end as outcome,
        case when joined.is_given_up then joined.paid_until end as ended_on,
        case
            when
                cast(subscriptions.cancel_requested_at as date) <= {{ as_of_date() }}
                and (joined.is_pending or joined.is_given_up)
                then subscriptions.cancel_requested_at
        end as cancel_requested_at,
        -- A lost term can still turn into a late renewal for some weeks.
        not joined.is_pending
        and (
            joined.renewed_on is not null
            or {{ add_days('joined.due_on', var('late_renewal_days')) }} < {{ as_of_date() }}
        ) as is_final,
        {% for name in segment_columns().values() -%}
        account_months.{{ name }},
        {% endfor -%}
        '{{ metric_policy() }}' as metric_policy
    from joined
    left outer join subscriptions
        on
            joined.source_system = subscriptions.source_system
            and joined.subscription_id = subscriptions.subscription_id
    left outer join account_months
        on
            joined.account_id = account_months.account_id
            and account_months.month = cast({{ dbt.date_trunc(
                'month', "least(joined.due_on, " ~ as_of_date() ~ ")"
            ) }} as date)
)

select * from final
