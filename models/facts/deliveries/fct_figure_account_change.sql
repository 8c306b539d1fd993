-- Grain: one row per kind of change, figure, day and account: the figures of now against those
-- of the last publication.
-- figure_restated: as it was published, and the same day as known now. figure_moved: that day, and
-- the as-of date, both as known now. closed_month_moved: what a closed month is restated by.
{% set activity = {
    'active_users': ('fct_account_usage_day', 'usage_date', 'active_users_28d'),
    'open_tickets': ('fct_account_support_day', 'date_day', 'backlog'),
} %}
{% set grain = ['change', 'figure', 'figure_on', 'account_id'] %}
{% set amounts = ['version', 'figure', 'figure_on', 'account_id', 'amount', 'base'] %}

with publication as (
    select compared_on
    from {{ ref('int_ledger_publication') }}
),

contract_amounts as (
    select {{ each_column(amounts, '@') }}
    from {{ ref('int_ledger_amounts') }}
),

activity as (
    {%- for figure, (fact, day, amount) in activity.items() %}
    select
        'now' as version,
        '{{ figure }}' as figure,
        fact.{{ day }} as figure_on,
        fact.account_id,
        fact.{{ amount }} as amount,
        null as base
    from {{ ref(fact) }} as fact
    inner join publication on fact.{{ day }} in (publication.compared_on, {{ as_of_date() }})
    where fact.{{ amount }} > 0
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

retention as (
    select
        account_id,
        month,
        opening_arr,
        retained_arr,
        retained_arr_capped
    from {{ ref('fct_account_retention_month') }}
),

restated as (
    select
        close_month,
        account_id,
        difference
    from {{ ref('fct_restatement_line') }}
),

accounts as (
    select
        account_id,
        account_name
    from {{ ref('dim_account') }}
),

published_names as (
    select
        account_id,
        max(account_name) as account_name
    from {{ ref('int_ledger_amounts') }}
    group by account_id
),

rate_months as (
    select distinct figure_on as month
    from contract_amounts
    where figure = 'nrr'
),

now_and_then as (
    select {{ each_column(amounts, '@') }}
    from contract_amounts
    union all
    select
        version,
        'customers' as figure,
        figure_on,
        account_id,
        1 as amount,
        null as base
    from contract_amounts
    where
        figure = 'arr'
        and amount > 0
    union all
    select {{ each_column(amounts, '@') }}
    from activity
    {%- for figure, column in {'nrr': 'retained_arr', 'grr': 'retained_arr_capped'}.items() %}
    union all
    select
        'now' as version,
        '{{ figure }}' as figure,
        retention.month as figure_on,
        retention.account_id,
        retention.{{ column }} as amount,
        retention.opening_arr as base
    from retention
    inner join rate_months on retention.month = rate_months.month
    {%- endfor %}
    union all
    select
        'now' as version,
        'closed_arr' as figure,
        restated.close_month as figure_on,
        restated.account_id,
        restated.difference as amount,
        null as base
    from restated
    cross join publication
),

-- Each amount as what was before, and as what came after.
sides as (
    select
        case
            when now_and_then.figure = 'closed_arr' then 'closed_month_moved'
            else 'figure_restated'
        end as change,
        now_and_then.figure,
        now_and_then.figure_on,
        now_and_then.account_id,
        now_and_then.version = 'now' as is_after,
        now_and_then.amount,
        now_and_then.base
    from now_and_then
    cross join publication
    where now_and_then.figure_on <= publication.compared_on
    union all
    select
        'figure_moved' as change,
        now_and_then.figure,
        {{ as_of_date() }} as figure_on,
        now_and_then.account_id,
        now_and_then.figure_on > publication.compared_on as is_after,
        now_and_then.amount,
        now_and_then.base
    from now_and_then
    cross join publication
    where
        now_and_then.version = 'now'
        and now_and_then.figure not in ('nrr', 'grr', 'closed_arr')
        and publication.compared_on < {{ as_of_date() }}
),

account_changes as (
    select
        {{ each_column(grain, '@') }},
        sum(case when is_after then 0 else amount end) as before_amount,
        sum(case when is_after then 0 else coalesce(base, 0) end) as before_base,
        sum(case when is_after then amount else 0 end) as after_amount,
        sum(case when is_after then coalesce(base, 0) else 0 end) as after_base
    from sides
    group by {{ each_column(grain, '@') }}
),

-- Of a rate: what the account adds beyond the rate as it was.
final as (
    select
        {{ each_column(grain, 'account_changes.@') }},
        coalesce(
            accounts.account_name, published_names.account_name, account_changes.account_id
        ) as account_name,
        {{ each_column(
            ['before_amount', 'before_base', 'after_amount', 'after_base'],
            'cast(account_changes.@ as decimal(18, 2)) as @'
        ) }},
        cast(
            account_changes.after_amount - account_changes.before_amount
            - case
                when account_changes.figure in ('nrr', 'grr')
                    then
                        (account_changes.after_base - account_changes.before_base)
                        * sum(account_changes.before_amount) over one_figure
                        / nullif(sum(account_changes.before_base) over one_figure, 0)
                else 0
            end as double
        ) as effect
    from account_changes
    left outer join accounts
        on account_changes.account_id = accounts.account_id
    left outer join published_names
        on account_changes.account_id = published_names.account_id
    window
        one_figure as (
            partition by
                account_changes.change, account_changes.figure, account_changes.figure_on
        )
)

select * from final
