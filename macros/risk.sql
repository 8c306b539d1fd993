{#
    How active an account is, against the least we expect: the better of its logins (user-days in
    28 days) and its key-feature activation, each as a share of that least. At most 1 is low
    activity: both are too small. Null when neither is known.
#}
{% macro activity_index(logins, activation) -%}
    case
        when {{ logins }} is null
            then {{ activation }} / {{ var('low_activity_activation') }}
        when {{ activation }} is null
            then {{ logins }} / {{ var('low_activity_logins') }}
        else
            greatest(
                {{ logins }} / {{ var('low_activity_logins') }},
                {{ activation }} / {{ var('low_activity_activation') }}
            )
    end
{%- endmacro %}


{# The measures of fct_account_risk_input_day. #}
{% macro risk_input_measures() -%}
    {{- return(contract_columns('fct_account_risk_input_day', 'double')) -}}
{%- endmacro %}


{# The value of the measure whose name `measure` holds, in a relation with all of `measures`. #}
{% macro value_of_measure(measure, measures, relation) -%}
    case {{ measure }}
        {%- for name in measures %}
            when '{{ name }}' then {{ relation }}.{{ name }}
        {%- endfor %}
            else cast(null as double)
        end
{%- endmacro %}


{# CTE `inputs` and those it needs: account_id, date_day and every measure of health and risk. #}
{% macro risk_input_ctes(health_measures, risk_measures) -%}
health_inputs as (
    select
        {{ (['account_id', 'date_day'] + health_measures) | join(',\n        ') }}
    from {{ ref('fct_account_health_input_day') }}
),

risk_inputs as (
    select
        {{ (['account_id', 'date_day'] + risk_measures) | join(',\n        ') }}
    from {{ ref('fct_account_risk_input_day') }}
),

inputs as (
    select
        {{ each_column(['account_id', 'date_day'] + health_measures, 'health_inputs.@') }},
        {{ each_column(risk_measures, 'risk_inputs.@') }}
    from health_inputs
    left outer join risk_inputs
        on
            health_inputs.account_id = risk_inputs.account_id
            and health_inputs.date_day = risk_inputs.date_day
)
{%- endmacro %}


{#
    At risk: notice was given, the computed health is red, or a signal of more than low severity is
    open. Null where nothing warns and the health is not known: it is not said to be well.
#}
{% macro is_at_risk(notice, band, serious_signals) -%}
    case
        when {{ notice }} is not null or {{ band }} = 'red' or {{ serious_signals }} > 0 then true
        when {{ band }} <> 'unknown' then false
    end
{%- endmacro %}
