{# Sources that are loaded for the systems that are on; one without models of its own fills files. #}
{% macro delivering_sources() -%}
    {%- set own = ['salesforce', 'stripe', 'segment', 'zendesk', 'delighted'] -%}
    {%- set found = [] -%}
    {%- for chosen in var('sources').values() -%}
        {%- for system in ([chosen] if chosen is string else chosen or []) -%}
            {%- do found.append(system if system in own else 'files') -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- Without any the condition must still be SQL. -#}
    {{- return((found or ['none']) | unique | sort) -}}
{%- endmacro %}


{# True where a table's files are read once: what was rejected of a known file is counted again. #}
{% macro is_read_once(delivery) -%}
    ({{ delivery }} in ('append', 'fetched'))
{%- endmacro %}


{#
    Number of a day, where those from 24 December to 6 January have that of 23 December: so much
    rests then that a silence says nothing.
#}
{% macro ordinary_day_number(day) -%}
    {{ days_between("cast('1900-01-01' as date)", day) }} - 14 * extract(year from {{ day }})
    + greatest(6 - extract(doy from {{ day }}), 0)
    - case
        when extract(month from {{ day }}) = 12
            then greatest(extract(day from {{ day }}) - 23, 0)
        else 0
    end
{%- endmacro %}
