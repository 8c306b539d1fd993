{# The ARR policies with the values they can have, the default first. #}
{% macro metric_policies() -%}
    {{- return({
        'arr_snapshot_point': ['month_end', 'month_start'],
        'discount_policy': ['net', 'gross'],
        'delinquent_policy': ['until_canceled', 'past_due_is_churn'],
        'pause_policy': ['zero', 'keep'],
        'fx_mode': ['constant', 'as_booked'],
        'customer_grain': ['account', 'ultimate_parent'],
        'overlap_policy': ['once', 'both'],
    }) -}}
{%- endmacro %}


{# The ARR policies in force, as one text that is stamped on the rows they change. #}
{% macro metric_policy() -%}
    {%- set stamped = [] -%}
    {%- for name, allowed in metric_policies().items() -%}
        {%- if var(name) not in allowed -%}
            {{- exceptions.raise_compiler_error(
                "var " ~ name ~ " is '" ~ var(name) ~ "'; it can be " ~ allowed | join(' or ')
            ) -}}
        {%- endif -%}
        {%- do stamped.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {%- for name in ['late_renewal_days', 'early_renewal_days', 'renewal_grace_days', 'fx_plan_date']
        if var(name) | string -%}
        {%- do stamped.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {{- stamped | join(', ') -}}
{%- endmacro %}


{#
    True when a policy in force is another than in a stamp of metric_policy(). A stamp of a time
    when the project had no such policy stands for its default.
#}
{% macro is_other_policy(name, stamp) -%}
    {%- set from_value = "split_part(', ' || " ~ stamp ~ " || ',', ', " ~ name ~ "=', 2)" -%}
    {%- set value = "nullif(split_part(" ~ from_value ~ ", ',', 1), '')" -%}
    coalesce(
        coalesce({{ value }}, '{{ metric_policies()[name][0] }}') <> '{{ var(name) }}'
        and {{ stamp }} is not null,
        false
    )
{%- endmacro %}
