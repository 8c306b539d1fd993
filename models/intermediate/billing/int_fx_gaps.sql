-- Grain: one row per currency of contracts or invoices of which no rate is known.
{% set remedy = (
    "'Add the currency to the file fx_rates of your folder (currency, valid_from, "
    ~ "rate_to_reporting), or to seeds/fx_rates.csv'"
) if source_is_on_anywhere('files') else "'Add the currency to seeds/fx_rates.csv'" %}

with lines as (
    select
        currency,
        subscription_id,
        valid_from
    from {{ ref('int_arr_line_versions') }}
),

invoices as (
    select
        currency,
        invoice_id,
        cast(issued_at as date) as issued_on
    from {{ ref('int_billing_invoices') }}
),

plan_rates as (
    select currency
    from {{ ref('int_fx_plan_rates') }}
),

used as (
    select
        currency,
        'subscription' as used_by,
        count(distinct subscription_id) as objects,
        min(subscription_id) as example,
        min(valid_from) as since
    from lines
    group by currency
    union all
    select
        currency,
        'invoice' as used_by,
        count(distinct invoice_id) as objects,
        min(invoice_id) as example,
        min(issued_on) as since
    from invoices
    group by currency
),

missing as (
    select
        used.currency,
        bool_or(used.used_by = 'subscription') as has_subscriptions,
        sum(used.objects) as row_count,
        max(case when used.used_by = 'subscription' then used.objects else 0 end) as subscriptions,
        max(case when used.used_by = 'invoice' then used.objects else 0 end) as invoices,
        coalesce(
            max(case when used.used_by = 'subscription' then used.example end),
            max(used.example)
        ) as example,
        min(used.since) as since
    from used
    left outer join plan_rates
        on used.currency = plan_rates.currency
    where
        used.currency is not null
        and plan_rates.currency is null
    group by used.currency
),

final as (
    select
        cast(null as varchar) as source_system,
        'currency' as object_type,
        currency as object_id,
        'fx_rate_missing' as gap,
        'There is no rate of ' || currency || ' to {{ var("reporting_currency") }}, in which '
        || cast(subscriptions as varchar) || ' subscriptions and ' || cast(invoices as varchar)
        || ' invoices are written (for example ' || example || ')' as what_is_missing,
        cast(null as varchar) as account_id,
        cast(row_count as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        since,
        {{ remedy }} as remedy,
        case when has_subscriptions then 'error' else 'warning' end as severity
    from missing
)

select * from final
