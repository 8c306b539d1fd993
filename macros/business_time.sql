{# Weekday of a date, 1 = Monday to 7 = Sunday. 1 January 1900 was a Monday. #}
{% macro iso_weekday(date_day) -%}
    mod({{ days_between("cast('1900-01-01' as date)", date_day) }}, 7) + 1
{%- endmacro %}


{#
    Business seconds from the first day of int_support_business_days to a moment; `day` is the
    alias of its row for the moment's day. A moment outside the hours counts as the nearest one
    inside them; a day without hours adds nothing.
#}
{% macro business_seconds_at(moment, day) -%}
    {%- set opens = day ~ '.opens_at' -%}
    {%- set closes = day ~ '.closes_at' -%}
    {%- set inside = 'least(greatest(' ~ moment ~ ', ' ~ opens ~ '), ' ~ closes ~ ')' -%}
    (
        {{ day }}.business_seconds_before
        + coalesce(
            {{ seconds_between(opens, inside) }},
            0
        )
    )
{%- endmacro %}
