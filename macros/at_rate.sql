{#
    Money at an exchange rate, in cents. DuckDB gives a product of two decimals of at most 18 digits
    18 digits as well: 8 before the point are left of an amount times a rate. So the amount is
    widened first: 10^14 in any currency is an ordinary sum in some.
#}
{% macro at_rate(amount, rate) -%}
    {{ rounded('cast(' ~ amount ~ ' as decimal(28, 4)) * ' ~ rate, 12, 'decimal(18, 2)') }}
{%- endmacro %}


{#
    amount * numerator / denominator, rounded half away from zero to `decimals`. A quotient is a
    double in DuckDB, which has no cents of amounts of 15 digits: there it is worked out in whole
    numbers. numerator and denominator are whole and not negative.
#}
{% macro part_of(amount, numerator, denominator, decimals) -%}
    {{ adapter.dispatch('part_of', 'customer_success')(amount, numerator, denominator, decimals) }}
{%- endmacro %}

{% macro default__part_of(amount, numerator, denominator, decimals) -%}
    cast({{ amount }} * ({{ numerator }}) / ({{ denominator }}) as decimal(28, {{ decimals }}))
{%- endmacro %}

{% macro duckdb__part_of(amount, numerator, denominator, decimals) -%}
    {#- One digit more, cut off towards 0: the cast rounds it. -#}
    cast(
        cast(
            cast(
                cast({{ amount }} as decimal(28, {{ decimals }})) * 10{{ '0' * decimals }} as hugeint
            )
            * cast({{ numerator }} as hugeint) // cast({{ denominator }} as hugeint)
            as decimal(38, 0)
        ) * 0.{{ '0' * decimals }}1 as decimal(28, {{ decimals }})
    )
{%- endmacro %}
