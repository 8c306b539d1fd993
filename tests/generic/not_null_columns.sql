{#
    None of `columns` is empty in any row: one query for a model instead of one per column. A
    failing row is shown with all of the columns.
#}
{% test not_null_columns(model, columns) %}

    select {{ columns | join(', ') }}
    from {{ model }}
    where
        {%- for column in columns %}
        {{ 'or ' if not loop.first }}{{ column }} is null
        {%- endfor %}

{% endtest %}
