-- Grain: one row per contract, product and contract that renewed it without a gap.
-- Of parallel contracts of a product each is renewed by one of its own: the one that ends first by
-- the one that begins first, and on one day the larger by the larger. Where there are fewer new
-- ones the last renews all that are left; where there are more, the last old one was split.
{% set kept = [
    'source_system', 'subscription_id', 'product_id', 'successor_source', 'successor_id',
    'renewed_on', 'ends_on', 'is_open', 'is_certain', 'account_id', 'arr',
] %}

with pairs as (
    select
        {{ each_column(kept, '@') }},
        begins_on,
        new_arr
    from {{ ref('int_arr_overlaps') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, subscription_id, product_id
            order by begins_on asc, new_arr desc, successor_id asc
        ) as new_rank,
        row_number() over (
            partition by successor_source, successor_id, product_id
            order by is_certain desc, ends_on asc, arr desc, subscription_id asc
        ) as old_rank,
        count(*) over (partition by source_system, subscription_id, product_id) as new_ones,
        count(*) over (partition by successor_source, successor_id, product_id) as old_ones
    from pairs
),

-- An old one is as far behind as those that end before it and could have had the same new one.
paired as (
    select
        *,
        new_rank = least(
            new_ones,
            max(case when new_rank = 1 then old_rank end) over (
                partition by source_system, subscription_id, product_id
            )
        ) as is_pair
    from ranked
),

final as (
    select
        {{ each_column(kept, '@') }}
    from paired
    qualify
        is_pair
        or (
            old_rank = old_ones
            and not bool_or(is_pair) over (
                partition by successor_source, successor_id, product_id
            )
        )
)

select * from final
