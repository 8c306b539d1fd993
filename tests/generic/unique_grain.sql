{#
    A model's grain: every row has all of `columns`, and no two rows share their values. Columns
    that may be empty are named in `optional`; a null counts as a value there. A failing row shows
    the values and how often they occur.
#}
{% test unique_grain(model, columns, optional=[]) %}

    select
        {{ columns | join(', ') }},
        count(*) as times
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns if column not in optional %}
        or {{ column }} is null
        {%- endfor %}

{% endtest %}
