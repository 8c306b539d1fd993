-- Grain: one row per source system, object and gap: something that a figure needs and nobody told.
{% set columns = [
    'source_system', 'object_type', 'object_id', 'gap', 'what_is_missing', 'account_id',
    'row_count', 'arr_affected', 'since', 'remedy', 'severity',
] %}

with gaps as (
    {%- for model in gap_models() %}
    select {{ columns | join(', ') }}
    from {{ ref(model) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

accepted as (
    select
        source_system,
        object_type,
        object_id,
        gap,
        accepted_by,
        accepted_at,
        reason
    from {{ ref('int_ledger_accepted_gaps') }}
),

final as (
    select
        {{ each_column(columns, 'gaps.@') }},
        accepted.accepted_by,
        accepted.accepted_at,
        accepted.reason as accepted_reason,
        accepted.accepted_by is null as is_open
    from gaps
    left outer join accepted
        on
            gaps.source_system = accepted.source_system
            and gaps.object_type = accepted.object_type
            and gaps.object_id = accepted.object_id
            and gaps.gap = accepted.gap
)

select * from final
