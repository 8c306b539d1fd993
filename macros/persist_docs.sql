{#
    What a table or view and its columns mean, kept in the warehouse as comments: where a BI tool
    looks. All in one statement, and the columns are those that are described: to describe one that
    is not there fails the build. dbt's own way asks the warehouse twice which columns there are.
#}
{% macro docs_as_comments(relation, model, for_relation=true, for_columns=true) -%}
    {%- if for_relation and config.persist_relation_docs() and model.description %}
comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(model.description) }};
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() -%}
        {%- for name, column in model.columns.items() if column.description %}
comment on column {{ relation }}.{{ adapter.quote(name) if column.quote else name }}
is {{ duckdb_escape_comment(column.description) }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set comments = docs_as_comments(relation, model, for_relation, for_columns) -%}
    {%- if comments -%}
        {%- call statement('comments') -%}{{ comments }}{%- endcall -%}
    {%- endif -%}
{%- endmacro %}
