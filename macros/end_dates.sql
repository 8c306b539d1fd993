{#
    An end of the files source as the first day without: the day itself, or the day after it where
    the files write the last day with (var end_dates: inclusive).
#}
{% macro end_day(column, type='date') -%}
    {%- if var('end_dates') == 'inclusive' -%}
        cast({{ dbt.dateadd('day', 1, column) }} as {{ type }})
    {%- elif var('end_dates') == 'exclusive' -%}
        {{ column }}
    {%- else -%}
        {{- exceptions.raise_compiler_error(
            "var end_dates is '" ~ var('end_dates') ~ "'; it can be exclusive or inclusive"
        ) -}}
    {%- endif -%}
{%- endmacro %}
