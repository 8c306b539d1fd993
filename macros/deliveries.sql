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
