-- Expansion by subtype adds up to the expansion of the bridge, in total and in every segment.
{{ config(meta={'dagster': {'ref': {'name': 'mart_expansion_monthly'}}}) }}

with expansion as (
    select
        month,
        segment_type,
        segment_value,
        expansion_arr,
        seats_arr + price_arr + plan_arr + cross_sell_arr + discount_arr
        + discount_expiry_arr + pause_arr + resume_arr as subtypes_arr
    from {{ ref('mart_expansion_monthly') }}
),

bridge as (
    select
        month,
        segment_type,
        segment_value,
        expansion_arr
    from {{ ref('mart_arr_bridge_monthly') }}
)

select
    bridge.month,
    bridge.segment_type,
    bridge.segment_value,
    bridge.expansion_arr,
    expansion.subtypes_arr
from bridge
left outer join expansion
    on
        bridge.month = expansion.month
        and bridge.segment_type = expansion.segment_type
        and bridge.segment_value = expansion.segment_value
where
    expansion.subtypes_arr is distinct from bridge.expansion_arr
    or expansion.expansion_arr is distinct from bridge.expansion_arr
