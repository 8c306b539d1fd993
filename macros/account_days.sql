{#
    CTEs `account_bounds` (first and last day of each account) and `day_totals`: how much of each
    measure holds at the end of each day. The running sum of what begins and what ends is taken over
    the days with a change, and then spread over the days until the next one. `day_totals` has every
    day from the first to the last of an account, those without a contract too.
    `spans` is a CTE with account_id (as before merges), measure, amount, valid_from and valid_to
    (first day on which it no longer holds; null: it holds on). The model has the CTEs
    `account_days` (account_id, date_day) and `ownership` (int_account_ownership): from the day of a
    merge the survivor has the spans.
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

account_bounds as (
    select
        account_id,
        min(date_day) as first_day,
        max(date_day) as last_day
    from account_days
    group by account_id
),

span_changes as (
    select
        account_id,
        valid_from as date_day,
        measure,
        amount
    from owned_spans
    union all
    select
        account_id,
        valid_to as date_day,
        measure,
        -amount as amount
    from owned_spans
    union all
    select
        account_id,
        first_day as date_day,
        null as measure,
        0 as amount
    from account_bounds
),

-- What held before the first day is there on the first day.
daily_changes as (
    select
        span_changes.account_id,
        greatest(span_changes.date_day, account_bounds.first_day) as date_day,
        account_bounds.last_day
        {%- for measure in measures %},
        sum(case when span_changes.measure = '{{ measure }}' then span_changes.amount else 0 end)
            as {{ measure }}
        {%- endfor %}
    from span_changes
    inner join account_bounds
        on span_changes.account_id = account_bounds.account_id
    where span_changes.date_day <= account_bounds.last_day
    group by
        span_changes.account_id,
        greatest(span_changes.date_day, account_bounds.first_day),
        account_bounds.last_day
),

running_totals as (
    select
        account_id,
        date_day,
        coalesce({{ add_days('lead(date_day) over so_far', -1) }}, last_day) as last_day
        {%- for measure in measures %},
        sum({{ measure }}) over so_far as {{ measure }}
        {%- endfor %}
    from daily_changes
    window so_far as (partition by account_id order by date_day)
),

day_totals as (
    select
        account_id,
        {{ measures | join(',\n        ') }},
        {{ day_series('date_day', 'last_day') }} as date_day
    from running_totals
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
    CTE `latest_of_day`: per account and day (as in `day_totals`, which comes before), for each kind
    of row in `relation` (account_id as before merges, kind, row_id, occurred_at, occurred_on,
    amount) the day of the latest one (`<kind>_on`), its amount (`<kind>_amount`) and the first day
    on which any account had one (`<kind>_first_day`). From the day of a merge the survivor has the
    rows.
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
        kind,
        row_place
    from owned_rows
    union all
    select
        account_id,
        first_day as date_day,
        null as kind,
        null as row_place
    from account_bounds
),

daily_rows as (
    select
        row_days.account_id,
        greatest(row_days.date_day, account_bounds.first_day) as date_day,
        account_bounds.last_day
        {%- for kind in kinds %},
        max(case when row_days.kind = '{{ kind }}' then row_days.row_place end) as {{ kind }}_place
        {%- endfor %}
    from row_days
    inner join account_bounds
        on row_days.account_id = account_bounds.account_id
    where row_days.date_day <= account_bounds.last_day
    group by
        row_days.account_id,
        greatest(row_days.date_day, account_bounds.first_day),
        account_bounds.last_day
),

carried_rows as (
    select
        account_id,
        date_day,
        coalesce({{ add_days('lead(date_day) over so_far', -1) }}, last_day) as last_day
        {%- for kind in kinds %},
        max({{ kind }}_place) over so_far as {{ kind }}_place
        {%- endfor %}
    from daily_rows
    window so_far as (partition by account_id order by date_day)
),

latest_rows as (
    select
        carried_rows.account_id,
        {%- for kind in kinds %}
        {{ kind }}_rows.occurred_on as {{ kind }}_on,
        {{ kind }}_rows.amount as {{ kind }}_amount,
        {%- endfor %}
        {{ day_series('carried_rows.date_day', 'carried_rows.last_day') }} as date_day
    from carried_rows
    {%- for kind in kinds %}
    left outer join owned_rows as {{ kind }}_rows
        on
            carried_rows.account_id = {{ kind }}_rows.account_id
            and carried_rows.{{ kind }}_place = {{ kind }}_rows.row_place
    {%- endfor %}
),

first_days as (
    select
        {%- for kind in kinds %}
        min(case when kind = '{{ kind }}' then occurred_on end) as {{ kind }}_day
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
),

latest_of_day as (
    select
        latest_rows.account_id,
        latest_rows.date_day
        {%- for kind in kinds %},
        latest_rows.{{ kind }}_on,
        latest_rows.{{ kind }}_amount,
        case
            when first_days.{{ kind }}_day <= latest_rows.date_day then first_days.{{ kind }}_day
        end as {{ kind }}_first_day
        {%- endfor %}
    from latest_rows
    cross join first_days
)
{%- endmacro %}
