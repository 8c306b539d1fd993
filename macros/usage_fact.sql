{# fct_account_usage_day as a relation. Not a ref: the models it is built from ask what it holds. #}
{% macro usage_fact() -%}
    {{- return(api.Relation.create(
        database=target.database,
        schema=generate_schema_name('facts', none),
        identifier='fct_account_usage_day'
    )) -}}
{%- endmacro %}


{#
    What the fact has behind it: `last_on`, its newest day as a date literal (every account has a
    row for it), and `build_no`, the last build of int_product_user_days that went into it. None
    when the fact is to be built as a whole: it is new, empty, reaches past the as-of date, or what
    was noted beside it is lost.
#}
{% macro usage_fact_progress(fact) -%}
    {%- set progress = built_before(progress_of(usage_fact())) -%}
    {%- if fact is none or progress is none or built_before(people_of(usage_fact())) is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set found = run_query(
        "select cast(last_on as varchar), build_no from " ~ progress
    ).rows[0] -%}
    {%- if found[0] is none or found[0] > as_of_day() or found[1] is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return({'last_on': "cast('" ~ found[0] ~ "' as date)", 'build_no': found[1]}) -}}
{%- endmacro %}


{# Post-hook of the fact. #}
{% macro note_usage_fact_progress(fact, user_days) -%}
    {%- if execute %}
    create or replace table {{ progress_of(fact) }} as
    select
        max(usage_date) as last_on,
        {{ last_build_no(user_days) }} as build_no
    from {{ fact }}
    {%- endif %}
{%- endmacro %}


{# Pre-hook of the fact: rows of accounts that lost all their usage to another account. #}
{% macro remove_accounts_without_usage(fact, inputs) -%}
    {%- if is_incremental() -%}
    delete from {{ fact }}
    where account_id not in (select account_id from {{ inputs }})
    {%- endif -%}
{%- endmacro %}


{# Accounts built from this day on, the usual case, are read without touching older days. #}
{% macro recent_usage_from() -%}
    {{ add_days(as_of_date(), -28) }}
{%- endmacro %}


{# True when a system is switched on that may report usage per day instead of single events. #}
{% macro has_reported_usage() -%}
    {{- return(source_is_on('product', 'files')) -}}
{%- endmacro %}
