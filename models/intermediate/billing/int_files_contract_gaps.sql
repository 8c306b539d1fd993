-- Grain: one row per object of the files source and thing about its contracts that is not known.
{{ config(enabled=source_is_on('billing', 'files')) }}
{% set columns = [
    'object_type', 'object_id', 'gap', 'what_is_missing', 'account_id', 'row_count',
    'arr_affected', 'since', 'remedy', 'severity',
] %}

with united as (
    {% for part in ['status', 'date', 'line', 'end', 'row', 'version'] -%}
    select {{ columns | join(', ') }}
    from {{ ref('int_files_' ~ part ~ '_gaps') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        'files' as source_system,
        {{ each_column(columns, '@') }}
    from united
)

select * from final
