-- Grain: one row per subscription and day on which a term of it is due.
-- ATR is the ARR of the subscription on its last day of service in the term. What becomes of it
-- counts for the day it was due: renewed by the subscription itself, or by a new subscription of
-- the account that follows the old one early or, within late_renewal_days, late. A term that is
-- over is pending, and unconfirmed, while nothing says that the contract, which runs on, was
-- renewed.
with terms_due as (
    select
        source_system,
        subscription_id,
        account_id,
        term_start,
        due_on,
        cut_on,
        is_given_up,
        is_unconfirmed,
        paid_until,
        atr
    from {{ ref('int_arr_terms_due') }}
),

renewed_by_successor as (
    select
        source_system,
        subscription_id,
        term_start,
        successor_id,
        renewed_on,
        renewed_arr
    from {{ ref('int_arr_renewal_successors') }}
),

intervals as (
    select
        source_system,
        subscription_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        is_paused,
        contract_arr as arr
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

-- The subscription itself on the day of the renewal.
renewed_by_itself as (
    select
        terms_due.source_system,
        terms_due.subscription_id,
        terms_due.term_start,
        sum(intervals.arr) as renewed_arr,
        bool_or(intervals.is_paused) as is_paused
    from terms_due
    inner join intervals
        on
            terms_due.source_system = intervals.source_system
            and terms_due.subscription_id = intervals.subscription_id
            and terms_due.cut_on >= intervals.valid_from
            and terms_due.cut_on < intervals.valid_to
    where
        not terms_due.is_given_up
        and terms_due.cut_on <= {{ as_of_date() }}
    group by
        terms_due.source_system,
        terms_due.subscription_id,
        terms_due.term_start
),

joined as (
    select
        terms_due.source_system,
        terms_due.subscription_id,
        terms_due.account_id,
        terms_due.term_start,
        terms_due.due_on,
        terms_due.is_given_up,
        terms_due.paid_until,
        terms_due.atr,
        terms_due.is_unconfirmed,
        not terms_due.is_given_up
        and (terms_due.cut_on > {{ as_of_date() }} or terms_due.is_unconfirmed) as is_pending,
        case
            when terms_due.is_given_up then renewed_by_successor.renewed_on
            when renewed_by_itself.renewed_arr > 0 and not terms_due.is_unconfirmed
                then terms_due.cut_on
        end as renewed_on,
        renewed_by_successor.successor_id,
        coalesce(
            case
                when terms_due.is_given_up then renewed_by_successor.renewed_arr
                else renewed_by_itself.renewed_arr
            end,
            0
        ) as renewed_arr,
        coalesce(renewed_by_itself.is_paused, false) as is_paused
    from terms_due
    left outer join renewed_by_itself
        on
            terms_due.source_system = renewed_by_itself.source_system
            and terms_due.subscription_id = renewed_by_itself.subscription_id
            and terms_due.term_start = renewed_by_itself.term_start
    left outer join renewed_by_successor
        on
            terms_due.source_system = renewed_by_successor.source_system
            and terms_due.subscription_id = renewed_by_successor.subscription_id
            and terms_due.term_start = renewed_by_successor.term_start
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
        joined.is_unconfirmed,
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
        {{ each_column(segment_columns().values(), 'account_months.@') }},
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
