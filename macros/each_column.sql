{#
    One expression per column, separated by commas: @ stands for the column.
    each_column(['a', 'b'], 'sum(@) as @') gives sum(a) as a, sum(b) as b.
#}
{% macro each_column(columns, expression) -%}
    {%- set expressions = [] -%}
    {%- for column in columns -%}
        {%- do expressions.append(expression | replace('@', column)) -%}
    {%- endfor -%}
    {{- return(expressions | join(',\n        ')) -}}
{%- endmacro %}


{# The branches of a case that names the first column whose amount is the largest. #}
{% macro largest_of(columns, relation, largest) -%}
    {%- for column in columns %}
            when abs({{ relation }}.{{ column }}) = {{ relation }}.{{ largest }} then '{{ column }}'
    {%- endfor %}
{%- endmacro %}
