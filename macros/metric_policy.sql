{# The ARR policies in force, as one text that is stamped on the rows they change. #}
{% macro metric_policy() -%}
    {%- set known = {
        'arr_snapshot_point': ['month_end', 'month_start'],
        'discount_policy': ['net', 'gross'],
        'delinquent_policy': ['until_canceled', 'past_due_is_churn'],
        'pause_policy': ['zero', 'keep'],
        'fx_mode': ['constant', 'as_booked'],
        'customer_grain': ['account', 'ultimate_parent'],
    } -%}
    {%- set stamped = [] -%}
    {%- for name, allowed in known.items() -%}
        {%- if var(name) not in allowed -%}
            {{- exceptions.raise_compiler_error(
                "var " ~ name ~ " is '" ~ var(name) ~ "'; it can be " ~ allowed | join(' or ')
            ) -}}
        {%- endif -%}
        {%- do stamped.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {%- for name in ['late_renewal_days', 'renewal_grace_days', 'fx_plan_date']
        if var(name) | string -%}
        {%- do stamped.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {{- stamped | join(', ') -}}
{%- endmacro %}
