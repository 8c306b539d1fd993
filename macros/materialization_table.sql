{#
    A table is dropped and made anew in one transaction: readers see the old one until the new one
    is whole, and a failure leaves the old one in place. dbt-duckdb's own way (make beside, rename
    twice, drop after the commit) comes to the same in three times the statements, which a build of
    hundreds of small tables waits for.
    Models in Python write over a connection of their own, so they are made beside and renamed.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}

    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set drop_old -%}
        {%- if existing_relation is not none -%}
        drop {{ existing_relation.type }} if exists {{ existing_relation }} cascade;
        {%- endif -%}
    {%- endset -%}
    {%- if existing_relation is not none -%}
        {%- do adapter.cache_dropped(existing_relation) -%}
    {%- endif -%}

    -- A statement begins the transaction; adapter.drop_relation() would drop outside of it.
    {% if model['language'] == 'python' %}
        {%- set made_beside = make_intermediate_relation(target_relation) -%}
        {{ drop_relation_if_exists(load_cached_relation(made_beside)) }}
        {% call statement('main', language='python') -%}
            {{ create_table_as(False, made_beside, compiled_code, 'python') }}
        {%- endcall %}
        {% call statement('replace') -%}
            {{ drop_old }}
            alter table {{ made_beside }} rename to {{ adapter.quote(target_relation.identifier) }};
            {{ docs_as_comments(target_relation, model) }}
        {%- endcall %}
    {% else %}
        {% call statement('main') -%}
            {{ drop_old }}
            {{ create_table_as(False, target_relation, compiled_code) }};
            {{ docs_as_comments(target_relation, model) }}
        {%- endcall %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
