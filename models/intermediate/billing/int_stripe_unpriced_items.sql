-- Grain: one row per version of a Stripe subscription item that is paid for and has no amount.
-- What is missing is said in words that finish the sentence "Subscription … is paid for, and".
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with versions as (
    select
        subscription_id,
        subscription_item_id,
        customer_id,
        valid_from,
        price_id,
        quantity,
        currency,
        billing_interval,
        interval_count,
        usage_type,
        interval_amount
    from {{ ref('int_stripe_line_versions') }}
    where
        {{ is_billable_status('status') }}
        and valid_from <= {{ as_of_date() }}
),

tiers as (
    select distinct
        price_key,
        currency
    from {{ ref('int_stripe_price_tiers') }}
),

objects as (
    select
        objects.price_id,
        min(objects.currency) as price_currency,
        bool_or(objects.billing_scheme = 'tiered') as is_tiered,
        bool_or(tiers.price_key is not null) as says_amounts
    from {{ ref('int_stripe_price_objects') }} as objects
    left outer join tiers
        on
            objects.price_key = tiers.price_key
            and objects.currency = tiers.currency
    group by objects.price_id
),

named as (
    select
        versions.*,
        'price ' || coalesce(versions.price_id, '(none)') || ' of item '
        || versions.subscription_item_id as item_name,
        objects.price_id is not null as has_object,
        objects.price_currency,
        objects.is_tiered,
        objects.says_amounts
    from versions
    left outer join objects
        on versions.price_id = objects.price_id
),

classified as (
    select
        *,
        case
            when interval_amount is not null
                then
                    case
                        when
                            {{ intervals_per_year('billing_interval') }} is null
                            or interval_count < 1
                            then 'interval_unknown'
                    end
            when usage_type not in ('licensed', 'metered') then 'price_unknown'
            when currency is not null and {{ minor_unit('currency') }} is null
                then 'currency_unknown'
            when usage_type = 'metered' then 'commitment_unknown'
            when quantity is null and has_object then 'quantity_unknown'
            else 'price_unknown'
        end as gap
    from named
),

final as (
    select
        subscription_id,
        subscription_item_id,
        customer_id,
        valid_from,
        gap,
        item_name
        || case gap
            when 'interval_unknown'
                then
                    ' is billed every ' || cast(interval_count as varchar) || ' '
                    || coalesce(billing_interval, '(nobody says what)')
            when 'currency_unknown'
                then ' is in ' || currency || ', whose decimals in Stripe are not known'
            when 'commitment_unknown'
                then
                    ' is by usage in tiers that were not delivered: a flat amount of them'
                    || ' counts as 0'
            when 'quantity_unknown' then ' has no quantity'
            else
                case
                    when price_id is null then ' was not told'
                    when not has_object then ' was delivered as an id alone'
                    when usage_type not in ('licensed', 'metered')
                        then ' is of a usage type not understood: ' || usage_type
                    when price_currency <> currency
                        then
                            ' is in ' || price_currency || ' and what it costs in ' || currency
                            || ' (currency_options) was not delivered'
                    when is_tiered and not says_amounts then ' is in tiers that were not delivered'
                    else
                        ' does not say what ' || cast(quantity as varchar)
                        || ' cost in a way that is understood'
                end
                || ', and no invoice bills a whole interval of it'
        end as missing
    from classified
    where gap is not null
)

select * from final
