{#
    Log-likelihood of one year under the shifted beta-geometric model: of those who came to it,
    `lost` left and `kept` stayed. With alpha + beta = 1 / polarisation - 1 the chance to leave
    in year t is alpha / (alpha + beta + t - 1).
#}
{% macro sbg_log_likelihood(lost, kept, year_number, mean_churn, polarisation) -%}
    {%- set both = '(1 / ' ~ polarisation ~ ' - 1)' -%}
    {{ lost }} * ln({{ mean_churn }} * {{ both }} / ({{ both }} + {{ year_number }} - 1))
    + {{ kept }} * ln(
        ((1 - {{ mean_churn }}) * {{ both }} + {{ year_number }} - 1)
        / ({{ both }} + {{ year_number }} - 1)
    )
{%- endmacro %}


{# Share of those who came to year t that stay through it. #}
{% macro sbg_retention(alpha, beta, year_number) -%}
    ({{ beta }} + {{ year_number }} - 1) / ({{ alpha }} + {{ beta }} + {{ year_number }} - 1)
{%- endmacro %}
