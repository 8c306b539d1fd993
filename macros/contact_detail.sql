{# What a contact is called and where it is reached: nothing where the company keeps none of it. #}
{% macro contact_detail(column) -%}
    {%- if var('contact_details') == 'drop' -%}
        cast(null as varchar)
    {%- else -%}
        cast({{ column }} as varchar)
    {%- endif -%}
{%- endmacro %}
