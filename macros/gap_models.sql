{# The models that name what could not be computed, of the systems that are on. #}
{% macro gap_models() -%}
    {%- set models = [
        'int_gaps_unvalued_lines',
        'int_gaps_churn_reasons',
        'int_gaps_customer_accounts',
        'int_arr_gaps',
        'int_arr_recreation_gaps',
        'int_fx_gaps',
        'int_finance_gaps',
        'int_finance_line_gaps',
        'int_support_gaps',
        'int_feedback_gaps',
        'int_delivery_gaps',
        'int_late_gaps',
        'fct_figure_gap',
    ] -%}
    {%- if source_is_on('billing', 'files') -%}
        {%- do models.append('int_files_contract_gaps') -%}
    {%- endif -%}
    {%- if source_is_on('billing', 'stripe') -%}
        {%- do models.append('int_stripe_item_gaps') -%}
        {%- do models.append('int_stripe_discount_gaps') -%}
        {%- do models.append('int_stripe_state_gaps') -%}
    {%- endif -%}
    {{- return(models) -}}
{%- endmacro %}
