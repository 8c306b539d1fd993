-- Grain: one row per figure and day that is not what its last publication lets expect, and one when
-- that publication is not alike. Over a limit it holds publishing; a closed month is only shown.
{% set days = dbt.datediff('publication.compared_on', 'totals.figure_on', 'day') %}
{% set names = {'arr': 'ARR', 'customers': 'Customers', 'nrr': 'NRR', 'grr': 'GRR'} %}

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
        account_id,
        account_name,
        before_amount,
        before_base,
        after_amount,
        after_base,
        effect,
        figure in ('nrr', 'grr') as is_rate
    from {{ ref('fct_figure_account_change') }}
),

ranked as (
    select
        *,
        account_name
        || ' (' || cast(round(before_amount) as bigint)
        || ' to ' || cast(round(after_amount) as bigint) || ')' as account,
        row_number() over (
            partition by change, figure, figure_on
            order by abs(effect) desc, account_id
        ) as place
    from changes
),

-- What one account lost and another got counts once.
totals as (
    select
        change,
        figure,
        figure_on,
        is_rate,
        {%- for side in ['before', 'after'] %}
        case
            when is_rate
                then coalesce(sum({{ side }}_amount) / nullif(sum({{ side }}_base), 0), 0)
            else sum({{ side }}_amount)
        end as {{ side }}_value,
        {%- endfor %}
        greatest(abs(sum(effect)), sum(abs(effect)) / 2) as moved_amount,
        count_if(effect <> 0) as accounts,
        {{ dbt.listagg(
            "case when place <= 5 and effect <> 0 then account end", "', '",
            "order by place"
        ) }} as first_accounts
    from ranked
    group by
        change,
        figure,
        figure_on,
        is_rate
),

customers as (
    select coalesce(sum(before_value), 0) as customers_before
    from totals
    where
        change = 'figure_restated'
        and figure = 'customers'
),

limited as (
    select
        totals.*,
        publication.*,
        customers.customers_before,
        case
            when totals.is_rate then abs(totals.after_value - totals.before_value)
            else totals.moved_amount / nullif(totals.before_value, 0)
        end as moved_share,
        case
            when totals.is_rate then {{ var('figure_max_rate_change') }}
            when totals.change = 'figure_restated' then {{ var('figure_max_restated') }}
            else {{ var('figure_max_moved') }} * greatest(1, ceil({{ days }} / 31.0))
        end as share_limit
    from totals
    cross join publication
    cross join customers
),

texts as (
    select
        *,
        case figure
            {%- for figure, name in names.items() %}
            when '{{ figure }}' then '{{ name }}'
            {%- endfor %}
        end || case when figure = 'arr' and is_as_booked then ' as booked' else '' end as name,
        {%- for side in ['before', 'after'] %}
        case
            when is_rate then cast(round(100 * {{ side }}_value, 1) as varchar) || ' %'
            else cast(cast(round({{ side }}_value) as bigint) as varchar)
        end as {{ side }}_text,
        {%- endfor %}
        cast(round(100 * moved_share, 1) as varchar)
        || case when is_rate then ' points' else ' %' end
        || '; the limit is ' || cast(round(100 * share_limit, 1) as varchar) || '.' as measure
    from limited
    where
        case when change = 'closed_month_moved' then accounts > 0 else moved_share > share_limit end
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
        case when figure in ('arr', 'closed_arr') then moved_amount end as arr_affected,
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
