-- Grain: one row per contract line and day from which its own ARR does not count, and why.
-- overlap: the contract was renewed by another before it was over, and the new one counts
-- (overlap_policy once); what the contract takes away goes with all that it is paid for.
-- recreated: the contract was made anew with a start in the past, and the old one counts.
-- over: it was renewed, and its agreed end has come by then, though nobody has ended its lines.
-- below_zero: what is taken away from the account is more than it pays that day, so all of it
-- counts nothing.
{% set kept = [
    'source_system', 'subscription_item_id', 'account_id', 'uncounted_from', 'uncounted_to',
] %}

with lines as (
    select
        {{ each_column([
            'source_system', 'subscription_item_id', 'subscription_id', 'product_id',
            'account_id', 'valid_from', 'arr',
        ], '@') }},
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_arr_line_amounts') }}
),

overlapping as (
    select
        source_system,
        subscription_id,
        product_id,
        min(renewed_on) as overlap_from,
        max(ends_on) as overlap_to,
        bool_or(is_open) as is_open
    from {{ ref('int_arr_successions') }}
    where is_certain
    group by source_system, subscription_id, product_id
),

renewed as (
    select
        source_system,
        subscription_id,
        max(overlap_from) as overlap_from,
        max(overlap_to) as overlap_to,
        bool_or(is_open) as is_open
    from overlapping
    group by source_system, subscription_id
),

-- Contracts of which something is not renewed and still paid for.
renewed_in_part as (
    select distinct {{ each_column(['source_system', 'subscription_id'], 'renewed.@') }}
    from renewed
    inner join lines
        on
            renewed.source_system = lines.source_system
            and renewed.subscription_id = lines.subscription_id
            and renewed.overlap_from < lines.valid_to
    left outer join overlapping
        on
            lines.source_system = overlapping.source_system
            and lines.subscription_id = overlapping.subscription_id
            and lines.product_id is not distinct from overlapping.product_id
    where
        lines.arr > 0
        and overlapping.subscription_id is null
),

stretches as (
    select
        lines.source_system,
        lines.subscription_item_id,
        lines.account_id,
        lines.valid_from,
        lines.valid_to,
        coalesce(overlapping.overlap_from, renewed.overlap_from) as overlap_from,
        coalesce(overlapping.overlap_to, renewed.overlap_to) as overlap_to,
        coalesce(overlapping.is_open, renewed.is_open) as is_open
    from lines
    inner join renewed
        on
            lines.source_system = renewed.source_system
            and lines.subscription_id = renewed.subscription_id
    left outer join overlapping
        on
            lines.source_system = overlapping.source_system
            and lines.subscription_id = overlapping.subscription_id
            and lines.product_id is not distinct from overlapping.product_id
    left outer join renewed_in_part
        on
            lines.source_system = renewed_in_part.source_system
            and lines.subscription_id = renewed_in_part.subscription_id
    where
        overlapping.subscription_id is not null
        or (lines.arr < 0 and renewed_in_part.subscription_id is null)
),

overlapped as (
    select
        source_system,
        subscription_item_id,
        account_id,
        greatest(valid_from, overlap_from) as uncounted_from,
        least(valid_to, overlap_to) as uncounted_to,
        'overlap' as reason
    from stretches
    where
        valid_from < overlap_to
        and valid_to > overlap_from
        and overlap_from < overlap_to
        and '{{ var("overlap_policy") }}' = 'once'
    union all
    select
        source_system,
        subscription_item_id,
        account_id,
        greatest(valid_from, overlap_to) as uncounted_from,
        valid_to as uncounted_to,
        'over' as reason
    from stretches
    where is_open and valid_to > overlap_to
    union all
    select
        {{ each_column(kept, '@') }},
        'recreated' as reason
    from {{ ref('int_arr_recreations') }}
    where '{{ var("overlap_policy") }}' = 'once'
),

-- Only an account from which something is taken away can be below 0.
owing as (
    select lines.*
    from lines
    where
        lines.account_id in (
            select negative.account_id
            from lines as negative
            where negative.arr < 0
        )
),

cuts as (
    select
        account_id,
        {{ either_of('valid_from', 'valid_to') }} as day_from
    from owing
    union
    select
        account_id,
        {{ either_of('uncounted_from', 'uncounted_to') }} as day_from
    from overlapped
),

days as (
    select
        account_id,
        day_from,
        lead(day_from) over (partition by account_id order by day_from) as day_to
    from cuts
),

counted as (
    select
        owing.source_system,
        owing.subscription_item_id,
        owing.account_id,
        days.day_from,
        days.day_to,
        sum(owing.arr) over (partition by owing.account_id, days.day_from) as account_arr
    from days
    inner join owing
        on
            days.account_id = owing.account_id
            and days.day_from >= owing.valid_from
            and days.day_from < owing.valid_to
    left outer join overlapped
        on
            owing.source_system = overlapped.source_system
            and owing.subscription_item_id = overlapped.subscription_item_id
            and days.day_from >= overlapped.uncounted_from
            and days.day_from < overlapped.uncounted_to
    where overlapped.subscription_item_id is null
),

final as (
    select
        {{ each_column(kept, '@') }},
        reason,
        cast(null as decimal(18, 2)) as account_arr
    from overlapped
    union all
    select
        source_system,
        subscription_item_id,
        account_id,
        day_from as uncounted_from,
        day_to as uncounted_to,
        'below_zero' as reason,
        cast(account_arr as decimal(18, 2)) as account_arr
    from counted
    where account_arr < 0
)

select * from final
