{# The words of a reason of churn as the seed churn_reason_map writes them. #}
{% macro reason_words(text) -%}
    trim(replace(replace(lower({{ text }}), '_', ' '), '-', ' '))
{%- endmacro %}
