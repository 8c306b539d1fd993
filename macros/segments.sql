{# The cuts of the monthly marts: segment_type -> the column of the fact that holds its value. #}
{% macro segment_columns() -%}
    {{- return({
        'segment': 'segment',
        'plan': 'plan',
        'product': 'product',
        'region': 'region',
        'country': 'country',
        'industry': 'industry',
        'size_band': 'size_band',
        'csm': 'csm_id',
        'start_year': 'start_year',
    }) -}}
{%- endmacro %}


{# segment_type and segment_value of a query grouped by segment_grouping_sets(). #}
{% macro segment_keys() -%}
    case
        {%- for type, column in segment_columns().items() %}
        when grouping({{ column }}) = 0 then '{{ type }}'
        {%- endfor %}
        else 'total'
    end as segment_type,
    case
        {%- for column in segment_columns().values() %}
        when grouping({{ column }}) = 0 then coalesce({{ column }}, 'unassigned')
        {%- endfor %}
        else 'all'
    end as segment_value
{%- endmacro %}


{#
    Groups by `keys` in total and by each cut; a row without a value is kept as 'unassigned'.
    sqlfluff's DuckDB dialect does not know grouping sets yet: its target is shown a cube.
#}
{% macro segment_grouping_sets(keys) -%}
    {%- if target.name == 'lint' -%}
    cube ({{ (keys + (segment_columns().values() | list)) | join(', ') }})
    {%- else -%}
    grouping sets (
        ({{ keys | join(', ') }})
        {%- for column in segment_columns().values() %},
        ({{ (keys + [column]) | join(', ') }})
        {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}


{# The column of the cut that lifetimes are fitted by (var lifetime_fit_by); none for the total. #}
{% macro lifetime_fit_column() -%}
    {%- set cut = var('lifetime_fit_by') -%}
    {%- if cut != 'total' and cut not in segment_columns() -%}
        {{- exceptions.raise_compiler_error(
            "var lifetime_fit_by is '" ~ cut ~ "'; it can be total, "
            ~ segment_columns() | join(' or ')
        ) -}}
    {%- endif -%}
    {{- return(segment_columns().get(cut)) -}}
{%- endmacro %}
