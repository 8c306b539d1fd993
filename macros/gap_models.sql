{# The models that name what could not be computed, of the systems that are on. #}
{% macro gap_models() -%}
    {%- set models = ['int_gaps_unvalued_lines', 'int_arr_gaps', 'int_finance_gaps', 'int_finance_line_gaps'] -%}
    {%- if source_is_on('billing', 'stripe') -%}
        {%- do models.append('int_stripe_item_gaps') -%}
        {%- do models.append('int_stripe_discount_gaps') -%}
        {%- do models.append('int_stripe_state_gaps') -%}
    {%- endif -%}
    {{- return(models) -}}
{%- endmacro %}
