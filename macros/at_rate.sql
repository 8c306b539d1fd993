{#
    Money at an exchange rate, in cents. DuckDB gives a product of two decimals of at most 18 digits
    18 digits as well: 8 before the point are left of an amount times a rate. So the amount is
    widened first: 10^14 in any currency is an ordinary sum in some.
#}
{% macro at_rate(amount, rate) -%}
    {{ rounded('cast(' ~ amount ~ ' as decimal(28, 4)) * ' ~ rate, 12, 'decimal(18, 2)') }}
{%- endmacro %}
