{# True when a touchpoint was planned and the customer did not come; spelt in any way. #}
{% macro is_no_show(outcome) -%}
    coalesce(replace({{ folded_word(outcome) }}, '_', ''), '') = 'noshow'
{%- endmacro %}
