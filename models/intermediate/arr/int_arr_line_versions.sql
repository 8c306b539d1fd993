-- Grain: one row per contract line and day from which a version of it holds.
-- A contract line is a subscription item. A version is a stretch of days with one price,
-- quantity, plan and subscription state, from history as it was known at the as-of date.
-- In another currency than the reporting one, a line is booked on the day its terms take effect
-- (product, price, quantity, billing interval, currency), again on the first day of another term
-- and after a gap; until then it keeps the rate of that day.
{% set terms = [
    'product_id', 'quantity', 'unit_amount', 'currency', 'billing_interval', 'interval_count',
    'term_start',
] %}
{% set columns = {
    'subscription_item_id': 'varchar',
    'valid_from': 'date',
    'valid_to': 'date',
    'subscription_id': 'varchar',
    'customer_id': 'varchar',
    'product_id': 'varchar',
    'price_id': 'varchar',
    'quantity': 'decimal(18, 4)',
    'unit_amount': 'decimal(18, 4)',
    'interval_amount': 'decimal(28, 4)',
    'currency': 'varchar',
    'billing_interval': 'varchar',
    'interval_count': 'integer',
    'usage_type': 'varchar',
    'status': 'varchar',
    'paused_from': 'date',
    'paused_until': 'date',
    'term_start': 'date',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_line_versions', 'files': 'int_files_line_versions'},
        columns
    ) }}
),

rates as (
    select
        currency,
        applies_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        rate_to_reporting
    from {{ ref('int_fx_rates') }}
),

flagged as (
    select
        *,
        (
            lag(valid_to) over history is distinct from valid_from
            {%- for term in terms %}
            or lag({{ term }}) over history is distinct from {{ term }}
            {%- endfor %}
        ) as is_booking
    from united
    where currency <> '{{ var("reporting_currency") }}'
    window history as (
        partition by source_system, subscription_item_id
        order by valid_from
    )
),

booked as (
    select
        *,
        max(case when is_booking then valid_from end) over (
            partition by source_system, subscription_item_id
            order by valid_from
        ) as booked_on
    from flagged
),

final as (
    select
        booked.source_system,
        {{ each_column(columns, 'booked.@') }},
        booked.booked_on,
        rates.rate_to_reporting as booked_rate
    from booked
    left outer join rates
        on
            booked.currency = rates.currency
            and booked.booked_on >= rates.applies_from
            and booked.booked_on < rates.valid_to
    union all
    select
        source_system,
        {{ each_column(columns, '@') }},
        cast(null as date) as booked_on,
        cast(1 as decimal(18, 8)) as booked_rate
    from united
    where coalesce(currency = '{{ var("reporting_currency") }}', true)
)

select * from final
