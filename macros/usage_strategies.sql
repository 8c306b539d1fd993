{#
    Incremental strategy `replace_changed`: the model gives all rows of the stale days, numbered
    with this build; only those that differ from what is stored are written. So `build_no` marks
    real changes, and the table does not fill up with deleted blocks. A key never vanishes from
    its day, because raw rows are never deleted. One of the keys is usage_date: its bounds let
    the scan of the stored rows skip all other days.
#}
{% macro get_incremental_replace_changed_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set source = arg_dict['temp_relation'] -%}
    {%- set keys = arg_dict['unique_key'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set measures = columns | reject('in', keys) | reject('eq', 'build_no') | list -%}
    {%- set column_list = columns | join(', ') -%}
    {%- set bounds = run_query(
        "select cast(min(usage_date) as varchar), cast(max(usage_date) as varchar) from " ~ source
    ).rows[0] -%}
    {%- set is_same_key -%}
        {%- for key in keys %}
        stored.{{ key }} = given.{{ key }} and
        {%- endfor %}
        {{ within_days('stored.usage_date', bounds[0] or as_of_day(), bounds[1] or as_of_day()) }}
    {%- endset %}

    delete from {{ target }} as stored
    using {{ source }} as given
    where
        {{ is_same_key }}
        and (
            {%- for measure in measures %}
            {{ 'or ' if not loop.first -}}
            stored.{{ measure }} is distinct from given.{{ measure }}
            {%- endfor %}
        );

    insert into {{ target }} ({{ column_list }})
    select {{ column_list }}
    from {{ source }} as given
    where
        not exists (
            select 1
            from {{ target }} as stored
            where
                {{ is_same_key }}
        )
{%- endmacro %}


{# Pre-hook beside `replace_changed`: when every day is stale, the stored rows go. #}
{% macro empty_if_everything_is_stale(relation, rule='') -%}
    {%- if execute and is_incremental() and usage_progress(relation, rule).everything -%}
    delete from {{ relation }}
    {%- endif -%}
{%- endmacro %}


{#
    Incremental strategy `replace_from`: the model gives, per value of the first key, all rows from
    some day (the second key) on; stored rows from that day on are replaced. Where the fingerprint
    of the inputs differs, all stored rows are: the model then gives the whole history.
#}
{% macro get_incremental_replace_from_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set source = arg_dict['temp_relation'] -%}
    {%- set entity, day = arg_dict['unique_key'] -%}
    {%- set column_list = arg_dict['dest_columns'] | map(attribute='name') | join(', ') -%}

    delete from {{ target }} as stored
    using (
        select
            {{ entity }},
            min({{ day }}) as first_day,
            min(inputs_fingerprint) as inputs_fingerprint
        from {{ source }}
        group by {{ entity }}
    ) as given
    where
        stored.{{ entity }} = given.{{ entity }}
        and (
            stored.{{ day }} >= given.first_day
            or stored.inputs_fingerprint <> given.inputs_fingerprint
        );

    insert into {{ target }} ({{ column_list }})
    select {{ column_list }}
    from {{ source }}
{%- endmacro %}
