{#
    Minutes within which a ticket is to be answered (var support_sla_minutes, by priority) or, with
    `targets` support_resolution_minutes, solved. A ticket without a priority, or with one the var
    does not name, has the target of `normal`. Null where the var names no targets.
#}
{% macro support_target_minutes(priority, targets='support_sla_minutes') -%}
    {%- set minutes_of = var(targets) -%}
    {%- if minutes_of -%}
    case {{ priority }}
        {%- for name, minutes in minutes_of.items() %}
        when '{{ name }}' then {{ minutes }}
        {%- endfor %}
        else {{ minutes_of['normal'] }}
    end
    {%- else -%}
    cast(null as integer)
    {%- endif -%}
{%- endmacro %}
