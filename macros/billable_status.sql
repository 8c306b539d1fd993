{#
    True while a subscription in this status bears ARR. A trial, an incomplete, unpaid, paused or
    canceled subscription does not. Past due counts until the subscription is given up, unless
    the policy says that past due is churn.
#}
{% macro is_billable_status(status) -%}
    {{ status }} in (
        'active'
        {%- if var('delinquent_policy') == 'until_canceled' %}, 'past_due'{% endif %}
    )
{%- endmacro %}
