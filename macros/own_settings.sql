{#
    dbt on its own does not know what a company sets (company.yml): figures by other policies, or of
    systems that are switched off, would be built in silence. So it stops where a var is not given
    that the company sets.
#}
{% macro require_own_settings() -%}
    {%- if execute -%}
        {%- set settings = adapter.get_relation(
            database=target.database, schema='raw_loads', identifier='settings'
        ) -%}
        {%- if settings is not none -%}
            {%- set found = run_query("select value from " ~ settings ~ " where name = 'vars'") -%}
            {%- set told = fromjson(found.rows[0][0] or '{}') if found.rows | length else {} -%}
            {%- set given = invocation_args_dict.get('vars') or {} -%}
            {%- set missing = told.keys() | reject('in', given) | list -%}
            {%- if missing -%}
                {{- exceptions.raise_compiler_error(
                    "The company of this home sets " ~ missing | join(', ') ~ ", which dbt alone "
                    ~ "does not know. Run `csw dbt -- build …` instead, or pass --vars "
                    ~ "\"$(csw vars)\"; what csw passes is " ~ tojson(told)
                ) -}}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
