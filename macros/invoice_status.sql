{#
    Whether an invoice of this status asks for its money: a draft was never sent, what is void or
    deleted was taken back. What is no status of an invoice is no bill, and gap
    `invoice_status_unknown` names it.
#}
{% macro is_bill(status) -%}
    coalesce({{ status }} in ('open', 'paid', 'uncollectible'), false)
{%- endmacro %}


{# Whether this is a status of an invoice. #}
{% macro is_invoice_status(status) -%}
    coalesce(
        {{ status }} in ('draft', 'open', 'paid', 'uncollectible', 'void', 'deleted'), false
    )
{%- endmacro %}
