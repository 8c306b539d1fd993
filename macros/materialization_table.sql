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

    {% if model['language'] == 'python' %}
        {%- set made_beside = make_intermediate_relation(target_relation) -%}
        {{ drop_relation_if_exists(load_cached_relation(made_beside)) }}
        {% call statement('main', language='python') -%}
            {{ create_table_as(False, made_beside, compiled_code, 'python') }}
        {%- endcall %}
        {{ drop_relation_if_exists(existing_relation) }}
        {{ adapter.rename_relation(made_beside, target_relation) }}
    {% else %}
        {{ drop_relation_if_exists(existing_relation) }}
        {% call statement('main') -%}
            {{ create_table_as(False, target_relation, compiled_code) }}
        {%- endcall %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
