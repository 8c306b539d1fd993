-- Grain: one row per kind of change, figure and day that is compared with the last publication:
-- before, after, and the limit of the difference. A closed month has none: each change is shown.
{% set days = dbt.datediff('publication.compared_on', 'totals.figure_on', 'day') %}
{% set measured = [
    'change', 'figure', 'figure_on', 'is_rate', 'is_activity', 'is_of_source', 'before_value',
    'after_value', 'moved_amount', 'accounts', 'accounts_before', 'first_accounts',
] %}

with publication as (
    select compared_on
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
        figure in ('nrr', 'grr') as is_rate,
        figure in ('active_users', 'open_tickets') as is_activity,
        figure like 'arr of %' as is_of_source
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

-- What one account lost and another got counts once; people and tickets come and go anyway.
totals as (
    select
        change,
        figure,
        figure_on,
        is_rate,
        is_activity,
        is_of_source,
        {%- for side in ['before', 'after'] %}
        case
            when is_rate
                then coalesce(sum({{ side }}_amount) / nullif(sum({{ side }}_base), 0), 0)
            else sum({{ side }}_amount)
        end as {{ side }}_value,
        {%- endfor %}
        case
            when is_activity then abs(sum(effect))
            else greatest(abs(sum(effect)), sum(abs(effect)) / 2)
        end as moved_amount,
        count_if(effect <> 0) as accounts,
        count_if(before_amount > 0) as accounts_before,
        {{ dbt.listagg(
            "case when place <= 5 and effect <> 0 then account end", "', '",
            "order by place"
        ) }} as first_accounts
    from ranked
    group by
        change,
        figure,
        figure_on,
        is_rate,
        is_activity,
        is_of_source
),

company as (
    select
        coalesce(sum(case when figure = 'customers' then before_value end), 0) as customers_before,
        count(distinct case when is_of_source then figure end) as sources
    from totals
    where change = 'figure_restated'
),

limited as (
    select
        {{ each_column(measured, 'totals.@ as @') }},
        company.customers_before,
        company.sources,
        case
            when totals.is_rate then abs(totals.after_value - totals.before_value)
            else totals.moved_amount / nullif(totals.before_value, 0)
        end as moved_share,
        case
            when totals.is_rate then {{ var('figure_max_rate_change') }}
            when totals.change = 'figure_restated'
                then
                    case
                        when totals.is_activity then {{ var('figure_max_activity_restated') }}
                        else {{ var('figure_max_restated') }}
                    end
            else
                greatest(1, ceil({{ days }} / 31.0))
                * case
                    when totals.is_activity then {{ var('figure_max_activity_moved') }}
                    else {{ var('figure_max_moved') }}
                end
        end as share_limit
    from totals
    cross join publication
    cross join company
),

final as (
    select
        {{ each_column(measured, '@') }},
        customers_before,
        moved_share,
        share_limit,
        case
            when change = 'closed_month_moved' then accounts > 0
            when is_activity and before_value < {{ var('figure_min_activity') }} then false
            -- Of one billing system alone the total says the same.
            when is_of_source and sources < 2 then false
            when is_of_source and accounts_before < {{ var('figure_min_customers') }} then false
            else coalesce(moved_share > share_limit, false)
        end as is_over
    from limited
)

select * from final
