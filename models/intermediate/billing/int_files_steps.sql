-- Grain: one row per subscription of the files source and day on which more was signed to begin.
-- Steps of a ramp: a version of an item that begins on an anniversary of a term of several years
-- was signed with the term; any other one that lies ahead, within the term that runs, is signed by
-- now. What begins ahead without a term that covers it is signed by the as-of date, unless that is
-- pinned to the past. What gets less is no step.
{{ config(enabled=source_is_on('billing', 'files')) }}
{% set unknown = "cast(null as date)" if is_as_of_pinned() else as_of_date() %}
{% set terms = ['quantity', 'unit_amount', 'billing_interval', 'interval_count'] %}

with items as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        plan_id,
        product_id,
        {{ each_column(terms, '@') }},
        discount_percent,
        discount_amount,
        discount_duration
    from {{ ref('stg_files__subscription_items') }}
    where coalesce(valid_to > valid_from, true)
),

subscriptions as (
    select
        subscription_id,
        account_id as customer_key,
        cast(started_at as date) as started_on,
        signed_on,
        current_term_start,
        current_term_end,
        currency
    from {{ ref('stg_files__subscriptions') }}
    where
        cast(started_at as date) <= {{ as_of_date() }}
        and (ended_at is null or cast(ended_at as date) > {{ as_of_date() }})
),

valued as (
    select
        *,
        {{ gross_interval_amount('unit_amount', 'quantity') }} as gross_amount,
        case when discount_duration = 'once' then 0 else coalesce(discount_percent, 0) end
            as percent_off,
        case when discount_duration = 'once' then 0 else coalesce(discount_amount, 0) end
            as amount_off
    from items
),

annual as (
    select
        *,
        {{ annualise(
            net_interval_amount(
                'cast(gross_amount * (1 - percent_off / 100.0) as decimal(28, 4))', 'amount_off',
                'gross_amount < 0'
            ), 'billing_interval', 'coalesce(interval_count, 1)'
        ) }} as arr_local
    from valued
),

grown as (
    select
        *,
        arr_local - coalesce(
            lag(arr_local) over (partition by subscription_item_id order by valid_from), 0
        ) as more_arr_local
    from annual
),

dated as (
    select
        grown.*,
        subscriptions.customer_key,
        upper(coalesce(subscriptions.currency, '{{ var("reporting_currency") }}')) as currency,
        case
            when
                grown.valid_from < subscriptions.current_term_end
                and grown.valid_from > subscriptions.current_term_start
                and extract(day from grown.valid_from)
                = extract(day from subscriptions.current_term_start)
                and {{ months_between('subscriptions.current_term_start', 'grown.valid_from') }}
                % 12 = 0
                then coalesce(subscriptions.signed_on, subscriptions.current_term_start)
            when
                grown.valid_from > {{ as_of_date() }}
                and grown.valid_from < subscriptions.current_term_end
                then {{ as_of_date() }}
            when grown.valid_from > {{ as_of_date() }} then {{ unknown }}
        end as signed_on
    from grown
    inner join subscriptions
        on
            grown.subscription_id = subscriptions.subscription_id
            and grown.valid_from > subscriptions.started_on
),

final as (
    select
        subscription_id,
        customer_key,
        currency,
        valid_from as starts_on,
        min(signed_on) as signed_on,
        max_by(product_id, more_arr_local) as product_id,
        max_by(plan_id, more_arr_local) as plan_id,
        cast(sum(more_arr_local) as decimal(28, 4)) as arr_local
    from dated
    where signed_on is not null
    group by
        subscription_id,
        customer_key,
        currency,
        valid_from
    having sum(more_arr_local) > 0
)

select * from final
