-- Grain: one row per contract line and day from which its ARR holds (the ARR ledger).
-- The lines as they are by themselves, without what does not count: a contract that was renewed
-- before it was over, the days before a contract that was made anew was made, and all lines of an
-- account on days on which it would be below 0. Intervals are half-open and do not overlap; a day
-- outside all of them has no ARR. contract_arr is what the contract is worth on its own, whichever
-- of two that overlap counts. What was renewed by another contract is over at its agreed end.
{% set kept = [
    'version_from', 'account_id', 'contract_account_id', 'subscription_id', 'product_id',
    'plan_id', 'quantity', 'unit_amount', 'currency', 'billing_interval', 'interval_count',
    'price_share', 'amount_off', 'net_annual_amount', 'status', 'is_paused', 'is_on_hold',
    'is_billable', 'booked_on', 'booked_rate',
] %}
{% set amounts = ['arr_local', 'arr_constant', 'arr_as_booked', 'arr'] %}

with lines as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        is_free,
        seats,
        {{ each_column(kept + amounts, '@') }}
    from {{ ref('int_arr_line_amounts') }}
),

uncounted as (
    select
        source_system,
        subscription_item_id,
        uncounted_from,
        uncounted_to,
        reason
    from {{ ref('int_arr_uncounted') }}
),

-- Few lines are cut.
bounds as (
    select
        source_system,
        subscription_item_id,
        uncounted_from as cut_on
    from uncounted
    union
    select
        source_system,
        subscription_item_id,
        uncounted_to as cut_on
    from uncounted
),

cuts as (
    select
        source_system,
        subscription_item_id,
        valid_from as line_from,
        valid_from as cut_on
    from lines
    union all
    select
        lines.source_system,
        lines.subscription_item_id,
        lines.valid_from as line_from,
        bounds.cut_on
    from lines
    inner join bounds
        on
            lines.source_system = bounds.source_system
            and lines.subscription_item_id = bounds.subscription_item_id
            and lines.valid_from < bounds.cut_on
            and coalesce(lines.valid_to, cast('9999-12-31' as date)) > bounds.cut_on
),

pieces as (
    select
        source_system,
        subscription_item_id,
        line_from,
        cut_on as valid_from,
        lead(cut_on) over (
            partition by source_system, subscription_item_id, line_from
            order by cut_on
        ) as cut_to
    from cuts
),

final as (
    select
        lines.source_system,
        lines.subscription_item_id,
        pieces.valid_from,
        coalesce(pieces.cut_to, lines.valid_to) as valid_to,
        {{ each_column(kept, 'lines.@') }},
        lines.is_free and uncounted.reason is null as is_free,
        uncounted.reason as uncounted_reason,
        case
            when uncounted.reason in ('overlap', 'recreated') then 0 else lines.seats
        end as seats,
        {% for amount in amounts -%}
        case when uncounted.reason is null then lines.{{ amount }} else 0 end as {{ amount }},
        {% endfor -%}
        case
            when uncounted.reason in ('below_zero', 'recreated') then 0 else lines.arr
        end as contract_arr
    from pieces
    inner join lines
        on
            pieces.source_system = lines.source_system
            and pieces.subscription_item_id = lines.subscription_item_id
            and pieces.line_from = lines.valid_from
    left outer join uncounted
        on
            pieces.source_system = uncounted.source_system
            and pieces.subscription_item_id = uncounted.subscription_item_id
            and pieces.valid_from >= uncounted.uncounted_from
            and pieces.valid_from < uncounted.uncounted_to
    where uncounted.reason is distinct from 'over'
)

select * from final
