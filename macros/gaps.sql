{#
    Gaps of one relation, one select for each kind: object, what is missing, what it touches. Each
    gap has `gap`, `condition`, `what` (SQL of a sentence), `since` (SQL), `remedy` and `severity`;
    the relation has account_id and arr.
#}
{% macro gap_rows(relation, object_type, object_id, gaps) -%}
    {%- for row in gaps %}
    select
        '{{ object_type }}' as object_type,
        {{ object_id }} as object_id,
        '{{ row.gap }}' as gap,
        {{ row.what }} as what_is_missing,
        account_id,
        cast(1 as bigint) as row_count,
        cast(arr as decimal(18, 2)) as arr_affected,
        cast({{ row.since }} as date) as since,
        '{{ row.remedy }}' as remedy,
        '{{ row.severity }}' as severity
    from {{ relation }}
    where {{ row.condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# A text without its numbers. #}
{% macro without_numbers(text) -%}
    {{- adapter.dispatch('without_numbers', 'customer_success')(text) -}}
{%- endmacro %}

{% macro default__without_numbers(text) -%}
    regexp_replace({{ text }}, '[0-9]+', '', 'g')
{%- endmacro %}
