-- Grain: one row per account, contract line, month and cause of a change of ARR.
-- Opening to closing of a line, taken apart by cause; another owner adds a transfer on either
-- account.
-- Causes are valued at the plan rate; what ARR as booked changes beside them is the cause fx.
{% set as_booked = var('fx_mode') == 'as_booked' %}
{% set opening = 'opening_arr + opening_fx_arr' if as_booked else 'opening_arr' %}

with lines as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
        month,
        effective_on,
        base_account_id,
        transferred_on,
        opening_account_id,
        opening_product_id,
        closing_product_id,
        closing_is_suspended,
        opening_arr,
        closing_arr,
        opening_fx_arr,
        closing_fx_arr
    from {{ ref('int_arr_line_month') }}
),

turns as (
    select
        source_system,
        subscription_item_id,
        month,
        cause
    from {{ ref('int_arr_line_month_turns') }}
),

steps as (
    select
        source_system,
        subscription_item_id,
        month,
        is_other_plan,
        opening_arr,
        resumed_arr,
        quantity_arr,
        price_arr,
        expiry_arr,
        closing_arr
    from {{ ref('int_arr_line_month_steps') }}
),

causes as (
    select
        lines.source_system,
        lines.subscription_item_id,
        lines.month,
        lines.base_account_id as account_id,
        lines.effective_on,
        turns.cause,
        lines.closing_arr - lines.opening_arr as arr_delta
    from lines
    inner join turns
        on
            lines.source_system = turns.source_system
            and lines.subscription_item_id = turns.subscription_item_id
            and lines.month = turns.month
    union all
    select
        source_system,
        subscription_item_id,
        month,
        base_account_id as account_id,
        effective_on,
        'pause' as cause,
        closing_arr - opening_arr as arr_delta
    from lines
    where opening_arr <> 0 and closing_arr = 0 and closing_is_suspended
    union all
    select
        source_system,
        subscription_item_id,
        month,
        opening_account_id as account_id,
        transferred_on as effective_on,
        'transfer' as cause,
        -({{ opening }}) as arr_delta
    from lines
    where transferred_on is not null
    union all
    select
        source_system,
        subscription_item_id,
        month,
        base_account_id as account_id,
        transferred_on as effective_on,
        'transfer' as cause,
        {{ opening }} as arr_delta
    from lines
    where transferred_on is not null
    {%- if as_booked %}
    union all
    select
        source_system,
        subscription_item_id,
        month,
        base_account_id as account_id,
        effective_on,
        'fx' as cause,
        closing_fx_arr - opening_fx_arr as arr_delta
    from lines
    {%- endif %}
    {%- for cause, before, after in [
        ("'resume'", 'opening_arr', 'resumed_arr'),
        ("'seats'", 'resumed_arr', 'quantity_arr'),
        ("case when steps.is_other_plan then 'plan' else 'price' end", 'quantity_arr', 'price_arr'),
        ("'discount_expiry'", 'price_arr', 'expiry_arr'),
        ("'discount'", 'expiry_arr', 'closing_arr'),
    ] %}
    union all
    select
        lines.source_system,
        lines.subscription_item_id,
        lines.month,
        lines.base_account_id as account_id,
        lines.effective_on,
        {{ cause }} as cause,
        steps.{{ after }} - steps.{{ before }} as arr_delta
    from lines
    inner join steps
        on
            lines.source_system = steps.source_system
            and lines.subscription_item_id = steps.subscription_item_id
            and lines.month = steps.month
    {%- endfor %}
),

final as (
    select
        causes.source_system,
        causes.subscription_item_id,
        lines.subscription_id,
        coalesce(
            case when lines.closing_arr <> 0 then lines.closing_product_id end,
            lines.opening_product_id
        ) as product_id,
        causes.month,
        causes.account_id,
        causes.effective_on,
        causes.cause,
        cast(causes.arr_delta as decimal(18, 2)) as arr_delta
    from causes
    inner join lines
        on
            causes.source_system = lines.source_system
            and causes.subscription_item_id = lines.subscription_item_id
            and causes.month = lines.month
    where causes.arr_delta <> 0
)

select * from final
