{#
    A model's grain: every row has all of `columns`, and no two rows share their values. Columns
    that may be empty are named in `optional`; a null counts as a value there. `not_null` names
    further columns that no row lacks: one query for a model, where a test per column is one each.
    A failing row shows the values, how often they occur, and how many of these rows lack what.
#}
{% test unique_grain(model, columns, optional=[], not_null=[]) %}

    select
        {{ columns | join(', ') }},
        {%- for column in not_null %}
        count(*) - count({{ column }}) as {{ column }}_missing,
        {%- endfor %}
        count(*) as times
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns if column not in optional %}
        or {{ column }} is null
        {%- endfor %}
        {%- for column in not_null %}
        or count({{ column }}) < count(*)
        {%- endfor %}

{% endtest %}
