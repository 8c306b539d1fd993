-- Grain: one row per term that was given up and renewed by another subscription of the account.
-- A new contract that takes over from several ones of its products without a gap renews them all,
-- its ARR divided by what was due; else one new subscription renews one old one, the largest.
with candidates as (
    select
        source_system,
        subscription_id,
        term_start,
        atr,
        successor_source,
        successor_id,
        renewed_on,
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
        sum(case when is_joined then atr else 0 end) over (
            partition by successor_source, successor_id
        ) as joined_atr
    from candidates
    window claims as (
        partition by successor_source, successor_id
        order by is_joined desc, atr desc, subscription_id asc
    )
),

worth as (
    select
        ranked.source_system,
        ranked.subscription_id,
        ranked.term_start,
        ranked.successor_id,
        ranked.renewed_on,
        ranked.claim,
        ranked.successor_source,
        case when ranked.is_joined then ranked.atr / ranked.joined_atr else 1 end as atr_share,
        sum(intervals.arr) as new_arr
    from ranked
    inner join intervals
        on
            ranked.successor_source = intervals.source_system
            and ranked.successor_id = intervals.subscription_id
            and ranked.renewed_on >= intervals.valid_from
            and ranked.renewed_on < intervals.valid_to
    where
        ranked.is_joined
        or ranked.claim = 1
    group by
        ranked.source_system,
        ranked.subscription_id,
        ranked.term_start,
        ranked.successor_id,
        ranked.renewed_on,
        ranked.claim,
        ranked.successor_source,
        ranked.is_joined,
        ranked.atr,
        ranked.joined_atr
),

divided as (
    select
        *,
        cast(new_arr * atr_share as decimal(18, 2)) as share_arr
    from worth
),

-- The largest takes what rounding left.
final as (
    select
        source_system,
        subscription_id,
        term_start,
        successor_id,
        renewed_on,
        case
            when claim = 1
                then
                    share_arr
                    + new_arr
                    - sum(share_arr) over (partition by successor_source, successor_id)
            else share_arr
        end as renewed_arr
    from divided
)

select * from final
