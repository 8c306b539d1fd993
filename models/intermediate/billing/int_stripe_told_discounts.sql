-- Grain: one row per Stripe discount that an object names.
-- Its coupon is told by the discount itself, by another discount of the same coupon, or as a
-- coupon: what it takes off never changes, so that any object that has it will do, also one deleted
-- since. A discount of an invoice is for that invoice, whatever its coupon says.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with mentions as (
    select
        holder,
        seen_at,
        discount_id,
        coupon_id,
        subscription_id,
        of_customer_id,
        of_subscription_id,
        of_item_id,
        of_invoice_id,
        starts_at,
        ends_at,
        duration,
        duration_in_months,
        percent_off,
        amount_off_minor,
        currency,
        currency_options
    from {{ ref('int_stripe_discount_mentions') }}
),

terms as (
    {%- for relation, is_whole in [
        ('mentions', "holder in ('load', 'customer', 'bill')"),
        (ref('stg_stripe__coupons'), 'true'),
    ] %}
    select
        coupon_id,
        {{ is_whole }} as is_whole,
        duration,
        duration_in_months,
        percent_off,
        amount_off_minor,
        currency,
        currency_options
    from {{ relation }}
    where duration is not null
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

coupons as (
    select
        coupon_id,
        bool_or(is_whole) as is_whole,
        max(duration) as duration,
        max(duration_in_months) as duration_in_months,
        max(percent_off) as percent_off,
        max(amount_off_minor) as amount_off_minor,
        max(currency) as currency,
        max(currency_options) as currency_options
    from terms
    group by coupon_id
),

named as (
    select
        discount_id,
        max(coupon_id) as coupon_id,
        max(of_item_id) as subscription_item_id,
        max(of_invoice_id) as of_invoice_id,
        max(of_customer_id) as customer_id,
        max(coalesce(subscription_id, of_subscription_id)) as subscription_id,
        max(starts_at) as starts_at,
        max(ends_at) as ends_at,
        min(case when holder = 'discount_deleted' then seen_at end) as deleted_at,
        max(duration) as duration,
        max(duration_in_months) as duration_in_months,
        max(percent_off) as percent_off,
        max(amount_off_minor) as amount_off_minor,
        max(currency) as currency,
        max(currency_options) as currency_options
    from mentions
    group by discount_id
),

told as (
    select
        named.discount_id,
        named.coupon_id,
        named.subscription_item_id,
        -- What names no subscription, item or invoice, and is in no list of one, is the customer's.
        case
            when
                coalesce(named.subscription_id, named.subscription_item_id, named.of_invoice_id)
                is null
                then named.customer_id
        end as customer_id,
        case
            when named.of_invoice_id is not null then 'once'
            else coalesce(named.duration, coupons.duration)
        end as duration,
        coalesce(named.duration_in_months, coupons.duration_in_months) as duration_in_months,
        coalesce(named.percent_off, coupons.percent_off) as percent_off,
        coalesce(named.amount_off_minor, coupons.amount_off_minor) as amount_off_minor,
        coalesce(named.currency, coupons.currency) as currency,
        coalesce(named.currency_options, coupons.currency_options) as currency_options,
        cast(named.starts_at as date) as starts_on,
        cast(named.ends_at as date) as ends_on,
        cast(named.deleted_at as date) as deleted_on,
        -- Events never have the products of a coupon.
        named.subscription_item_id is not null or coalesce(coupons.is_whole, false)
            as are_products_told
    from named
    left outer join coupons
        on named.coupon_id = coupons.coupon_id
),

ended as (
    select
        *,
        coalesce(
            ends_on,
            case
                when duration = 'repeating'
                    then cast({{ dbt.dateadd('month', 'duration_in_months', 'starts_on') }} as date)
            end
        ) as planned_end_on
    from told
),

final as (
    select
        discount_id,
        coupon_id,
        subscription_item_id,
        customer_id,
        duration,
        percent_off,
        amount_off_minor,
        currency,
        currency_options,
        starts_on,
        -- It ends as planned, or when it was taken away before.
        least(planned_end_on, deleted_on) as ends_on,
        are_products_told,
        coalesce(
            duration is not null and (percent_off between 0 and 100 or amount_off_minor >= 0), false
        ) as is_in_full
    from ended
)

select * from final
