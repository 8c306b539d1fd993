{# The first day of the month that a var of an analysis names by any of its days, else a default. #}
{% macro month_asked(variable, default) -%}
    {%- set asked = "'" ~ var(variable) ~ "'" if var(variable, '') else default -%}
    cast({{ dbt.date_trunc('month', 'cast(' ~ asked ~ ' as date)') }} as date)
{%- endmacro %}
