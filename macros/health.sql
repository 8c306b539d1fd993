{#
    The columns of a model that its contract gives this type, in the order of the contract. The
    contract names every column, so a column added there is picked up with no further list.
#}
{% macro contract_columns(model_name, data_type, leave_out=[]) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and node.name == model_name -%}
            {%- for column in node.columns.values()
                if column.data_type == data_type and column.name not in leave_out -%}
                {%- do found.append(column.name) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(found) -}}
{%- endmacro %}


{# The measures of the health score: what fct_account_health_input_day knows as numbers. #}
{% macro health_input_measures() -%}
    {{- return(contract_columns('fct_account_health_input_day', 'double')) -}}
{%- endmacro %}


{# The columns of fct_account_health_input_day that say when something was last learned. #}
{% macro health_input_dates() -%}
    {{- return(contract_columns('fct_account_health_input_day', 'date', ['date_day'])) -}}
{%- endmacro %}


{# Points from 0 to 100: linear between the value that gives none and the value that gives all. #}
{% macro measure_points(value, zero_at, hundred_at) -%}
    cast(
        greatest(
            0,
            least(
                100,
                100 * ({{ value }} - cast({{ zero_at }} as double))
                / (cast({{ hundred_at }} as double) - cast({{ zero_at }} as double))
            )
        ) as decimal(11, 8)
    )
{%- endmacro %}


{# A value of a measure as a reader expects to see it. #}
{% macro written_value(value, unit) -%}
    case {{ unit }}
        when 'share' then cast(cast(round(100 * {{ value }}) as bigint) as varchar) || ' %'
        when 'ratio' then cast(cast({{ value }} as decimal(18, 1)) as varchar)
        when 'days' then
            cast(cast(round({{ value }}) as bigint) as varchar)
            || case when round({{ value }}) = 1 then ' day' else ' days' end
        else cast(cast(round({{ value }}) as bigint) as varchar)
    end
{%- endmacro %}


{#
    Accounts and measures of `relation` (fct_account_health_input_day of one day) that count the days
    without something that the account never had.
#}
{% macro never_measures(relation) -%}
    {%- for what in ['touchpoint', 'qbr'] %}
    select
        account_id,
        'days_without_{{ what }}' as measure
    from {{ relation }}
    where days_since_{{ what }} is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
