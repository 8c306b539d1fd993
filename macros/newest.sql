{#
    Filter of a staging model: keeps the newest loaded row per key. `version` is the source's
    own change time where it has one; the loader's order decides between equal versions. With
    `can_go`, of a table that may be delivered whole, what is there goes before what is gone.
#}
{% macro is_newest(key, version=none, can_go=false) -%}
    row_number() over (
        partition by {{ key | join(', ') }}
        order by
            {%- if can_go %}
            _gone_load_id desc nulls first,
            {%- endif %}
            {%- if version %}
            {{ version }} desc nulls last,
            {%- endif %}
            _dlt_load_id desc,
            _source_line desc
    ) = 1
{%- endmacro %}


{# Filter of a staging model: the newest row per key, where the last whole delivery had it. #}
{% macro is_newest_there(key, version=none) -%}
    {{ is_newest(key, version, can_go=true) }}
    and _gone_load_id is null
{%- endmacro %}


{#
    Loads of a table of the files source with the day from which what they say, or lack, holds: their
    as-of day. One that was read again as of a day in the past says what is known by now, so its day
    is not before that of a load before it.
#}
{% macro files_delivery_days(table) -%}
    select
        load_id,
        max(coalesce(as_of_date, cast(delivered_at as date))) over (order by load_id)
            as delivered_on
    from {{ source('raw_files', 'deliveries') }}
    where source_table = '{{ table }}'
{%- endmacro %}


{# Unix seconds to a UTC timestamp. #}
{% macro from_unix(column) -%}
    {{ adapter.dispatch('from_unix', 'customer_success')(column) }}
{%- endmacro %}

{% macro default__from_unix(column) -%}
    timestamp_seconds({{ column }})
{%- endmacro %}

{% macro duckdb__from_unix(column) -%}
    make_timestamp({{ column }} * 1000000)
{%- endmacro %}


{# A text value at a JSON path ($.a.b), null where the path is absent or JSON null. #}
{% macro json_text(column, path) -%}
    {{ adapter.dispatch('json_text', 'customer_success')(column, path) }}
{%- endmacro %}

{% macro default__json_text(column, path) -%}
    get_json_object({{ column }}, '{{ path }}')
{%- endmacro %}

{% macro duckdb__json_text(column, path) -%}
    json_extract_string({{ column }}, '{{ path }}')
{%- endmacro %}


{# The member of a JSON object that a column names, as text; null where the object has none. #}
{% macro json_member(column, name) -%}
    {{ adapter.dispatch('json_member', 'customer_success')(column, name) }}
{%- endmacro %}

{% macro default__json_member(column, name) -%}
    get_json_object({{ column }}, concat('$.', {{ name }}))
{%- endmacro %}

{% macro duckdb__json_member(column, name) -%}
    json_extract_string({{ column }}, '$.' || {{ name }})
{%- endmacro %}


{# A UTC timestamp from unix seconds at a JSON path. #}
{% macro json_unix_time(column, path) -%}
    {{ from_unix(dbt.safe_cast(json_text(column, path), api.Column.translate_type('bigint'))) }}
{%- endmacro %}


{# A JSON object with what another one says put over it (RFC 7396): a null takes the key away. #}
{% macro json_merged(column, changes) -%}
    {{ adapter.dispatch('json_merged', 'customer_success')(column, changes) }}
{%- endmacro %}

{% macro default__json_merged(column, changes) -%}
    json_merge_patch({{ column }}, {{ changes }})
{%- endmacro %}


{# When a load began, UTC, from its id (dlt names loads by unix time); null when it says none. #}
{% macro loaded_at(load_id) -%}
    {{ adapter.dispatch('loaded_at', 'customer_success')(load_id) }}
{%- endmacro %}

{% macro default__loaded_at(load_id) -%}
    timestamp_micros(cast({{ dbt.safe_cast(load_id, 'double') }} * 1000000 as bigint))
{%- endmacro %}

{% macro duckdb__loaded_at(load_id) -%}
    make_timestamp(cast(try_cast({{ load_id }} as double) * 1000000 as bigint))
{%- endmacro %}
