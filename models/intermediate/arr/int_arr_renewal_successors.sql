-- Grain: one row per term that was given up and renewed by other subscriptions of the account.
-- A new contract that takes over from several ones without a gap renews them all, its ARR divided
-- by what was due of the products it has; else one new subscription renews one old one, the largest
-- the first. What several new ones took over is the sum of them, and named by the first.
with candidates as (
    select
        source_system,
        subscription_id,
        term_start,
        atr,
        shared_atr,
        successor_source,
        successor_id,
        renewed_on,
        measured_on,
        is_joined
    from {{ ref('int_arr_renewal_candidates') }}
),

intervals as (
    select
        source_system,
        subscription_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        contract_arr as arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

ranked as (
    select
        *,
        row_number() over claims as claim,
        row_number() over choices as choice,
        count(*) over successor as claimants,
        bool_or(is_joined) over successor as takes_over,
        greatest(shared_atr, 0.01) as weight
    from candidates
    window
        successor as (partition by successor_source, successor_id),
        claims as (
            partition by successor_source, successor_id
            order by is_joined desc, atr desc, subscription_id asc
        ),
        choices as (
            partition by source_system, subscription_id, term_start
            order by is_joined desc, renewed_on asc, successor_id asc
        )
),

kept as (
    select
        *,
        weight / sum(weight) over (partition by successor_source, successor_id) as share
    from ranked
    where
        is_joined
        or (not takes_over and claim = least(choice, claimants))
),

worth as (
    select
        kept.source_system,
        kept.subscription_id,
        kept.term_start,
        kept.successor_source,
        kept.successor_id,
        kept.renewed_on,
        kept.claim,
        kept.choice,
        sum(intervals.arr) as new_arr,
        cast(sum(intervals.arr) * kept.share as decimal(18, 2)) as share_arr
    from kept
    inner join intervals
        on
            kept.successor_source = intervals.source_system
            and kept.successor_id = intervals.subscription_id
            and kept.measured_on >= intervals.valid_from
            and kept.measured_on < intervals.valid_to
    group by
        kept.source_system,
        kept.subscription_id,
        kept.term_start,
        kept.successor_source,
        kept.successor_id,
        kept.renewed_on,
        kept.claim,
        kept.choice,
        kept.share
),

-- The largest takes what rounding left.
divided as (
    select
        *,
        case
            when claim = 1
                then
                    share_arr
                    + new_arr
                    - sum(share_arr) over (partition by successor_source, successor_id)
            else share_arr
        end as renewed_arr
    from worth
),

final as (
    select
        source_system,
        subscription_id,
        term_start,
        min_by(successor_id, choice) as successor_id,
        min(renewed_on) as renewed_on,
        sum(renewed_arr) as renewed_arr
    from divided
    group by
        source_system,
        subscription_id,
        term_start
)

select * from final
