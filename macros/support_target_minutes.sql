{#
    Minutes within which a ticket is to be answered (var support_sla_minutes, by priority). A
    ticket without a priority, or with one the var does not name, has the target of `normal`.
#}
{% macro support_target_minutes(priority) -%}
    {%- set targets = var('support_sla_minutes') -%}
    case {{ priority }}
        {%- for name, minutes in targets.items() %}
        when '{{ name }}' then {{ minutes }}
        {%- endfor %}
        else {{ targets['normal'] }}
    end
{%- endmacro %}
