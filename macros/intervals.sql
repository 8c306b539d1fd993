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


{#
    A bound of the 95 % interval of a share by Wilson (1927), as Brown, Cai and DasGupta (2001)
    recommend for few observations. It has a width at 0 and 1 too, and never leaves them.
#}
{% macro wilson_bound(successes, trials, sign) -%}
    (
        {{ successes }} + 1.959964 * 1.959964 / 2 {{ sign }} 1.959964 * sqrt(
            {{ successes }} * ({{ trials }} - {{ successes }}) / cast({{ trials }} as double)
            + 1.959964 * 1.959964 / 4
        )
    ) / ({{ trials }} + 1.959964 * 1.959964)
{%- endmacro %}


{#
    A bound of the 95 % interval of a Net Promoter Score: adjusted Wald with three observations more
    (Rocks 2016, The American Statistician 70:4), three quarters of one a promoter and three
    quarters a detractor. A score is never outside -100 and 100.
#}
{% macro nps_bound(promoters, detractors, respondents, sign) -%}
    {{ 'greatest(-100, ' if sign == '-' else 'least(100, ' }}
        100 * ({{ promoters }} - {{ detractors }}) / ({{ respondents }} + 3.0)
        {{ sign }} 100 * 1.959964 * sqrt(
            (
                ({{ promoters }} + {{ detractors }} + 1.5) / ({{ respondents }} + 3.0)
                - power(({{ promoters }} - {{ detractors }}) / ({{ respondents }} + 3.0), 2)
            ) / ({{ respondents }} + 3.0)
        )
    )
{%- endmacro %}


{#
    A bound of the 95 % interval of a mean, from the sum and the sum of squares; normal, so not for
    a handful of observations.
#}
{% macro mean_bound(total, squares, observations, sign) -%}
    (
        {{ total }} / {{ observations }} {{ sign }} 1.959964 * sqrt(
            abs({{ squares }} - {{ total }} * {{ total }} / {{ observations }})
            / ({{ observations }} - 1) / {{ observations }}
        )
    )
{%- endmacro %}


{#
    A bound of the 95 % interval of the ratio of two shares (Katz et al. 1978, Biometrics 34:469).
    Null where one of the shares is 0, for which the logarithm has no end.
#}
{% macro risk_ratio_bound(successes, trials, base_successes, base_trials, sign) -%}
    case
        when {{ successes }} > 0 and {{ base_successes }} > 0
            then
                exp(
                    ln(
                        (cast({{ successes }} as double) / {{ trials }})
                        / (cast({{ base_successes }} as double) / {{ base_trials }})
                    )
                    {{ sign }} 1.959964 * sqrt(
                        1.0 / {{ successes }} - 1.0 / {{ trials }}
                        + 1.0 / {{ base_successes }} - 1.0 / {{ base_trials }}
                    )
                )
    end
{%- endmacro %}
