{#
    The only clock: a date literal. The var `as_of_date` wins; else the day that the last load
    recorded in raw_loads.settings. A warehouse that was never loaded has no day and says so
    when a model is run, not while the project is parsed or linted.
#}
{% macro as_of_date() -%}
    cast('{{ as_of_day() }}' as date)
{%- endmacro %}


{% macro as_of_day() -%}
    {%- set given = var('as_of_date', '') | string | trim -%}
    {%- if given -%}
        {{- return(given) -}}
    {%- endif -%}
    {%- if not execute -%}
        {{- return('1970-01-01') -}}
    {%- endif -%}
    {%- if 'as_of_day' in graph -%}
        {{- return(graph['as_of_day']) -}}
    {%- endif -%}
    {%- set settings = adapter.get_relation(
        database=target.database, schema='raw_loads', identifier='settings'
    ) -%}
    {%- if settings is none -%}
        {{- return('1970-01-01') -}}
    {%- endif -%}
    {%- set found = run_query(
        "select value from " ~ settings ~ " where name = 'as_of_date'"
    ) -%}
    {%- if found.rows | length == 0 -%}
        {{- exceptions.raise_compiler_error(
            "raw_loads.settings has no as_of_date. Run `csw refresh`, or give one: "
            ~ "--vars 'as_of_date: 2025-12-31'"
        ) -}}
    {%- endif -%}
    {%- set day = found.rows[0][0] | string -%}
    {#- Two hundred models ask; `graph` lives as long as the run, so the warehouse is asked once. -#}
    {%- do graph.update({'as_of_day': day}) -%}
    {{- return(day) -}}
{%- endmacro %}


{# True when somebody named the day, so that it may lie in the past; else it is that of the data. #}
{% macro is_as_of_pinned() -%}
    {{- return((var('as_of_date', '') | string | trim) != '') -}}
{%- endmacro %}
