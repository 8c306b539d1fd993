{#
    The columns of a ledger table, as they were written. The ledger is loaded into the warehouse
    before a build (orchestration.close.load_ledger); without a ledger the result has no rows, and
    a column that an older close did not have is null.
#}
{% macro from_ledger(table, columns) -%}
    {%- set relation = source('ledger', table) -%}
    {%- set found = none -%}
    {%- if execute -%}
        {%- set found = adapter.get_relation(
            database=target.database, schema=relation.schema, identifier=relation.identifier
        ) -%}
    {%- endif -%}
    {%- set present = [] -%}
    {%- if found is not none -%}
        {%- set present = adapter.get_columns_in_relation(found) | map(attribute='name') | list -%}
    {%- endif -%}
    select
        {%- for column, type in columns.items() %}
        cast({{ column if column in present else 'null' }} as {{ type }}) as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    {%- if found is not none %}
    from {{ found }}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}


{# True when two rows differ in one of the columns, null being a value. #}
{% macro other_columns(columns, one, other) -%}
    (
        {%- for column in columns %}
        {{ 'or ' if not loop.first }}{{ one }}.{{ column }} is distinct from {{ other }}.{{ column }}
        {%- endfor %}
    )
{%- endmacro %}
