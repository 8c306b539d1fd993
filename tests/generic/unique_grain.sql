{#
    A model's grain: no two rows share the values of `columns`, nulls counted as a value.
    A failing row shows the values and how often they occur.
#}
{% test unique_grain(model, columns) %}

    select
        {{ columns | join(', ') }},
        count(*) as times
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
