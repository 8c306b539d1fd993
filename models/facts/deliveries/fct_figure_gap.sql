-- Grain: one row per figure and day that is not what its last publication lets expect, and one when
-- that publication is not alike. Over a limit it holds publishing; a closed month is only shown.
{% set names = {
    'arr': 'ARR', 'customers': 'Customers', 'nrr': 'NRR', 'grr': 'GRR',
    'active_users': 'Active users (28 days)', 'open_tickets': 'Open tickets',
} %}

with publication as (
    select
        run_id,
        as_of_date,
        compared_on,
        is_as_booked,
        changed
    from {{ ref('int_ledger_publication') }}
),

changes as (
    select
        change,
        figure,
        figure_on,
        is_rate,
        is_of_source,
        before_value,
        after_value,
        moved_amount,
        moved_share,
        share_limit,
        accounts,
        first_accounts,
        customers_before
    from {{ ref('fct_figure_change') }}
    where is_over
),

compared as (
    select
        changes.*,
        publication.*
    from changes
    cross join publication
),

texts as (
    select
        *,
        case figure
            {%- for figure, name in names.items() %}
            when '{{ figure }}' then '{{ name }}'
            {%- endfor %}
            else 'ARR' || substr(figure, 4)
        end
        || case
            when (figure = 'arr' or is_of_source) and is_as_booked then ' as booked' else ''
        end as name,
        {%- for side in ['before', 'after'] %}
        case
            when is_rate then cast(round(100 * {{ side }}_value, 1) as varchar) || ' %'
            else cast(cast(round({{ side }}_value) as bigint) as varchar)
        end as {{ side }}_text,
        {%- endfor %}
        cast(round(100 * moved_share, 1) as varchar)
        || case when is_rate then ' points' else ' %' end
        || '; the limit is ' || cast(round(100 * share_limit, 1) as varchar) || '.' as measure
    from compared
),

gaps as (
    select
        figure || ' of ' || figure_on || ' since ' || run_id as object_id,
        change as gap,
        case change
            when 'figure_restated'
                then
                    name || ' of ' || figure_on || ' was published as ' || before_text
                    || ' and is now ' || after_text || ': ' || measure
            when 'figure_moved'
                then
                    name || ' has moved from ' || before_text || ' on ' || compared_on || ' to '
                    || after_text || ' on ' || figure_on || ': ' || measure
            else
                'ARR of the closed month ' || left(cast(figure_on as varchar), 7)
                || ' has moved by ' || cast(round(after_value - before_value) as bigint) || '.'
        end as what_is_missing,
        accounts as row_count,
        case
            when figure in ('arr', 'closed_arr') or is_of_source then moved_amount
        end as arr_affected,
        figure_on as since,
        'The accounts that explain most of it: ' || first_accounts || '. '
        || case
            when change = 'closed_month_moved' then 'Why: mart_restatements.'
            else
                'See what has changed in the source, correct it and refresh again. '
                || 'If it is meant, accept it.'
        end as remedy,
        case
            when
                change = 'closed_month_moved'
                or changed is not null
                or customers_before < {{ var('figure_min_customers') }}
                -- What broke for customers fills the backlog in a day.
                or (figure = 'open_tickets' and change = 'figure_moved')
                then 'warning'
            else 'error'
        end as severity
    from texts
    union all
    select
        'publication ' || run_id as object_id,
        'publication_not_alike' as gap,
        concat_ws(
            ' ',
            'What was published as of ' || as_of_date
            || ' is not quite like the figures of today: ' || changed
            || '. Differences are shown, and hold nothing.',
            case
                when {{ as_of_date() }} < as_of_date
                    then 'The as-of date goes back from ' || as_of_date || '.'
            end
        ) as what_is_missing,
        0 as row_count,
        null as arr_affected,
        compared_on as since,
        'None, if it is meant.' as remedy,
        'warning' as severity
    from publication
    where
        changed is not null
        or {{ as_of_date() }} < as_of_date
),

final as (
    select
        cast('warehouse' as varchar) as source_system,
        cast('figure' as varchar) as object_type,
        cast(object_id as varchar) as object_id,
        cast(gap as varchar) as gap,
        cast(what_is_missing as varchar) as what_is_missing,
        cast(null as varchar) as account_id,
        cast(row_count as bigint) as row_count,
        cast(arr_affected as decimal(18, 2)) as arr_affected,
        since,
        cast(remedy as varchar) as remedy,
        cast(severity as varchar) as severity
    from gaps
)

select * from final
