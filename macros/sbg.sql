{# Share of those who came to year t that stay through it. #}
{% macro sbg_retention(alpha, beta, year_number) -%}
    ({{ beta }} + {{ year_number }} - 1) / ({{ alpha }} + {{ beta }} + {{ year_number }} - 1)
{%- endmacro %}
