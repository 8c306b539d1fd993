{#
    CTEs `owned_spans`, `span_changes` and `day_totals`: how much of each measure holds at the end
    of each day, as a running sum of what begins and what ends. `spans` is a CTE with account_id
    (as before merges), measure, amount, valid_from and valid_to (first day on which it no longer
    holds; null: it holds on). The model has the CTEs `account_days` (account_id, date_day) and
    `ownership` (int_account_ownership): from the day of a merge the survivor has the spans.
#}
{% macro account_day_totals(spans, measures) -%}
owned_spans as (
    select
        ownership.owner_account_id as account_id,
        {{ spans }}.measure,
        {{ spans }}.amount,
        greatest({{ spans }}.valid_from, ownership.valid_from) as valid_from,
        least(
            coalesce({{ spans }}.valid_to, cast('9999-12-31' as date)),
            coalesce(ownership.valid_to, cast('9999-12-31' as date))
        ) as valid_to
    from {{ spans }}
    inner join ownership
        on {{ spans }}.account_id = ownership.account_id
    where
        ownership.owner_account_id <> 'unassigned'
        and {{ spans }}.valid_from < coalesce(ownership.valid_to, cast('9999-12-31' as date))
        and coalesce({{ spans }}.valid_to, cast('9999-12-31' as date)) > ownership.valid_from
        and (
            {{ spans }}.valid_to is null
            or {{ spans }}.valid_from < {{ spans }}.valid_to
        )
),

span_changes as (
    select
        account_id,
        valid_from as date_day,
        measure,
        amount,
        0 as is_account_day
    from owned_spans
    union all
    select
        account_id,
        valid_to as date_day,
        measure,
        -amount as amount,
        0 as is_account_day
    from owned_spans
    union all
    select
        account_id,
        date_day,
        null as measure,
        0 as amount,
        1 as is_account_day
    from account_days
),

running_totals as (
    select
        account_id,
        date_day,
        max(is_account_day) as is_account_day
        {%- for measure in measures %},
        sum(sum(case when measure = '{{ measure }}' then amount else 0 end)) over (
            partition by account_id
            order by date_day
            rows between unbounded preceding and current row
        ) as {{ measure }}
        {%- endfor %}
    from span_changes
    group by
        account_id,
        date_day
),

day_totals as (
    select
        account_id,
        date_day,
        {{ measures | join(',\n        ') }}
    from running_totals
    where is_account_day = 1
)
{%- endmacro %}


{#
    CTEs `known_days` and `learned_days`: per day of `account_days` the first and the last day up to
    it on which `relation` has a row for any account. Null before the first: whatever is counted
    from it is missing then, not 0.
#}
{% macro learned_days(relation, day) -%}
known_days as (
    select
        {{ day }} as date_day,
        {{ day }} as row_day,
        0 as is_account_day
    from {{ relation }}
    union all
    select
        date_day,
        null as row_day,
        1 as is_account_day
    from account_days
),

running_days as (
    select
        date_day,
        max(is_account_day) as is_account_day,
        min(min(row_day)) over (
            order by date_day
            rows between unbounded preceding and current row
        ) as first_day,
        max(max(row_day)) over (
            order by date_day
            rows between unbounded preceding and current row
        ) as last_day
    from known_days
    group by date_day
),

learned_days as (
    select
        date_day,
        first_day,
        last_day
    from running_days
    where is_account_day = 1
)
{%- endmacro %}


{#
    CTEs `owned_rows`, `row_days` and `latest_of_day`: per account and day of `account_days`, for
    each kind of row in `relation` (account_id as before merges, kind, row_id, occurred_at,
    occurred_on, amount) the day of the latest one (`<kind>_on`), its amount (`<kind>_amount`) and
    the first day on which any account had one (`<kind>_first_day`). From the day of a merge the
    survivor has the rows.
#}
{% macro latest_of_day(relation, kinds) -%}
owned_rows as (
    select
        ownership.owner_account_id as account_id,
        {{ relation }}.kind,
        {{ relation }}.amount,
        {{ relation }}.occurred_on,
        greatest({{ relation }}.occurred_on, ownership.valid_from) as date_day,
        row_number() over (
            partition by ownership.owner_account_id
            order by {{ relation }}.occurred_at, {{ relation }}.row_id
        ) as row_place
    from {{ relation }}
    inner join ownership
        on {{ relation }}.account_id = ownership.account_id
    where
        ownership.owner_account_id <> 'unassigned'
        and {{ relation }}.occurred_on < coalesce(ownership.valid_to, cast('9999-12-31' as date))
),

row_days as (
    select
        account_id,
        date_day,
        0 as is_account_day
        {%- for kind in kinds %},
        max(case when kind = '{{ kind }}' then row_place end) as {{ kind }}_place
        {%- endfor %}
    from owned_rows
    group by
        account_id,
        date_day
    union all
    select
        account_id,
        date_day,
        1 as is_account_day
        {%- for kind in kinds %},
        cast(null as bigint) as {{ kind }}_place
        {%- endfor %}
    from account_days
),

carried_rows as (
    select
        account_id,
        date_day,
        max(is_account_day) as is_account_day
        {%- for kind in kinds %},
        max(max({{ kind }}_place)) over (
            partition by account_id
            order by date_day
            rows between unbounded preceding and current row
        ) as {{ kind }}_place
        {%- endfor %}
    from row_days
    group by
        account_id,
        date_day
),

first_days as (
    select
        kind,
        min(occurred_on) as first_day
    from {{ relation }}
    group by kind
),

latest_of_day as (
    select
        carried_rows.account_id,
        carried_rows.date_day
        {%- for kind in kinds %},
        {{ kind }}_rows.occurred_on as {{ kind }}_on,
        {{ kind }}_rows.amount as {{ kind }}_amount,
        case
            when {{ kind }}_start.first_day <= carried_rows.date_day then {{ kind }}_start.first_day
        end as {{ kind }}_first_day
        {%- endfor %}
    from carried_rows
    {%- for kind in kinds %}
    left outer join owned_rows as {{ kind }}_rows
        on
            carried_rows.account_id = {{ kind }}_rows.account_id
            and carried_rows.{{ kind }}_place = {{ kind }}_rows.row_place
    left outer join first_days as {{ kind }}_start
        on {{ kind }}_start.kind = '{{ kind }}'
    {%- endfor %}
    where carried_rows.is_account_day = 1
)
{%- endmacro %}
