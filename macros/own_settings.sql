{#
    dbt on its own does not know what a company sets (company.yml): figures by other policies, or of
    systems that are switched off, would be built in silence. So it stops, unless vars are given.
#}
{% macro require_own_settings() -%}
    {%- if execute and not invocation_args_dict.get('vars') -%}
        {%- set settings = adapter.get_relation(
            database=target.database, schema='raw_loads', identifier='settings'
        ) -%}
        {%- if settings is not none -%}
            {%- set found = run_query("select value from " ~ settings ~ " where name = 'vars'") -%}
            {%- if found.rows | length and found.rows[0][0] not in (none, '{}') -%}
                {{- exceptions.raise_compiler_error(
                    "The company of this home sets " ~ found.rows[0][0] ~ ", which dbt alone does "
                    ~ "not know. Run `csw dbt -- build …` instead, or pass --vars \"$(csw vars)\"."
                ) -}}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
