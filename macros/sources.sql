{# True when the system is switched on for the domain (var `sources`). #}
{% macro source_is_on(domain, system) -%}
    {%- set chosen = var('sources').get(domain) or [] -%}
    {%- set chosen = [chosen] if chosen is string else chosen -%}
    {{- return(system in chosen) -}}
{%- endmacro %}


{# True when the system is switched on for any domain. #}
{% macro source_is_on_anywhere(system) -%}
    {%- for domain in var('sources') -%}
        {%- if source_is_on(domain, system) -%}
            {{- return(true) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(false) -}}
{%- endmacro %}


{#
    All rows of one canonical entity, from every system that is switched on for the domain.
    `models` maps a system to the model that has the entity in the canonical columns; a column
    `source_system` is put in front. `columns` are the canonical columns with their types, used
    when no system that is on has the entity: the result is then empty, not an error.
#}
{% macro union_systems(domain, models, columns) -%}
    {%- set on = [] -%}
    {%- for system, model in models.items() if source_is_on(domain, system) -%}
        {%- do on.append((system, model)) -%}
    {%- endfor -%}
    {%- for system, model in on %}
    select
        '{{ system }}' as source_system,
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(model) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select
        cast(null as varchar) as source_system,
        {%- for column, type in columns.items() %}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- endfor %}
{%- endmacro %}
