{# Weekday of a date, 1 = Monday to 7 = Sunday. 1 January 1900 was a Monday. #}
{% macro iso_weekday(date_day) -%}
    mod({{ days_between("cast('1900-01-01' as date)", date_day) }}, 7) + 1
{%- endmacro %}


{#
    Business seconds from the first day of int_support_business_days to a moment; `day` is the alias
    of a stretch of hours of the moment's day that began before it. The longest of a day counts. A
    moment outside the hours counts as the nearest one inside them.
#}
{% macro business_seconds_at(moment, day) -%}
    max(
        {{ day }}.business_seconds_before
        + {{ seconds_between(
            day ~ '.opens_at', 'least(' ~ moment ~ ', ' ~ day ~ '.closes_at)'
        ) }}
    )
{%- endmacro %}


{# A moment (UTC) as the clock of a time zone shows it. #}
{% macro zone_time(moment, time_zone) -%}
    {{ adapter.dispatch('zone_time', 'customer_success')(moment, time_zone) }}
{%- endmacro %}

{% macro default__zone_time(moment, time_zone) -%}
    from_utc_timestamp({{ moment }}, {{ time_zone }})
{%- endmacro %}

{% macro duckdb__zone_time(moment, time_zone) -%}
    timezone({{ time_zone }}, timezone('UTC', {{ moment }}))
{%- endmacro %}


{# The moment (UTC) at which the clock of a time zone shows a time. #}
{% macro utc_time(zone_time, time_zone) -%}
    {{ adapter.dispatch('utc_time', 'customer_success')(zone_time, time_zone) }}
{%- endmacro %}

{% macro default__utc_time(zone_time, time_zone) -%}
    to_utc_timestamp({{ zone_time }}, {{ time_zone }})
{%- endmacro %}

{% macro duckdb__utc_time(zone_time, time_zone) -%}
    timezone('UTC', timezone({{ time_zone }}, {{ zone_time }}))
{%- endmacro %}
