-- A contract line has one ARR on any day: intervals of a line are in order and do not overlap.
with intervals as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by source_system, subscription_item_id order by valid_from
        ) as next_valid_from
    from {{ ref('int_arr_line_intervals') }}
)

select
    source_system,
    subscription_item_id,
    valid_from,
    valid_to,
    next_valid_from
from intervals
where
    valid_to <= valid_from
    or next_valid_from < coalesce(valid_to, cast('9999-12-31' as date))
