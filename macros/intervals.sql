{#
    A bound of the 95 % interval of a share, from its standard error, on the logit scale: it stays
    between 0 and 1. Null at a share of exactly 0 or 1, where the scale has no end.
#}
{% macro logit_bound(share, standard_error, sign) -%}
    case
        when {{ share }} > 0 and {{ share }} < 1
            then round(
                1 / (
                    1 + exp(
                        -(
                            ln({{ share }} / (1 - {{ share }}))
                            {{ sign }} 1.959964 * {{ standard_error }}
                            / ({{ share }} * (1 - {{ share }}))
                        )
                    )
                ),
                8
            )
    end
{%- endmacro %}
