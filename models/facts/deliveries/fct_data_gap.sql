-- Grain: one row per source system, object and gap: something that a figure needs and nobody told.
-- A gap was accepted as large as it was: it is open again when it has grown, by rows or by ARR, or
-- reads differently, or when the acceptance has expired. Numbers in the text are left to these two.
{% set columns = {
    'source_system': 'varchar',
    'object_type': 'varchar',
    'object_id': 'varchar',
    'gap': 'varchar',
    'what_is_missing': 'varchar',
    'account_id': 'varchar',
    'row_count': 'bigint',
    'arr_affected': 'decimal(18, 2)',
    'since': 'date',
    'remedy': 'varchar',
    'severity': 'varchar',
} %}

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
        reason,
        is_expired,
        what_is_missing,
        row_count,
        arr_affected
    from {{ ref('int_ledger_accepted_gaps') }}
),

final as (
    select
        {%- for column, type in columns.items() %}
        cast(gaps.{{ column }} as {{ type }}) as {{ column }},
        {%- endfor %}
        accepted.accepted_by,
        accepted.accepted_at,
        accepted.reason as accepted_reason,
        not coalesce(
            {{ without_numbers('gaps.what_is_missing') }}
            = {{ without_numbers('accepted.what_is_missing') }}
            and gaps.row_count <= accepted.row_count
            and coalesce(gaps.arr_affected, 0) <= coalesce(accepted.arr_affected, 0)
            and not coalesce(accepted.is_expired, false),
            false
        ) as is_open
    from gaps
    left outer join accepted
        on
            gaps.source_system = accepted.source_system
            and gaps.object_type = accepted.object_type
            and gaps.object_id = accepted.object_id
            and gaps.gap = accepted.gap
)

select * from final
