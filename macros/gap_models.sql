{# The models that name what could not be computed, of the systems that are on. #}
{% macro gap_models() -%}
    {{- return(['int_gaps_unvalued_lines', 'int_finance_gaps', 'int_finance_line_gaps']) -}}
{%- endmacro %}
