-- Grain: one row per contract line and month in which a state of it began.
-- What the line was at the snapshot of the month before and at that of the month; the months
-- between two rows of a line are like the first. base_account_id is the account that the opening
-- belongs to after a merge of the month: opening to closing is a movement of that account.
{% set terms = [
    'account_id', 'quantity', 'unit_amount', 'currency', 'billing_interval', 'interval_count',
    'price_share', 'amount_off', 'is_suspended', 'version_from', 'product_id', 'plan',
] %}

with states as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        changed_on,
        subscription_id,
        {% for name in terms -%}
        {{ name }},
        {% endfor -%}
        arr,
        {{ snapshot_month('valid_from') }} as month
    from {{ ref('int_arr_line_states') }}
),

merges as (
    select
        account_id,
        survivor_account_id,
        merged_on,
        {{ snapshot_month('merged_on') }} as month
    from {{ ref('int_account_survivors') }}
),

-- A state that began and was over before the snapshot of its month never shows.
snapshots as (
    select *
    from states
    where month <= cast({{ dbt.date_trunc('month', as_of_date()) }} as date)
    qualify
        row_number() over (
            partition by source_system, subscription_item_id, month
            order by valid_from desc
        ) = 1
),

compared as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
        month,
        lead(month) over line as next_month,
        changed_on as effective_on,
        {% for name in terms -%}
        lag({{ name }}) over line as opening_{{ name }},
        {{ name }} as closing_{{ name }},
        {% endfor -%}
        coalesce(lag(arr) over line, 0) as opening_arr,
        arr as closing_arr
    from snapshots
    window line as (partition by source_system, subscription_item_id order by month)
),

final as (
    select
        compared.source_system,
        compared.subscription_item_id,
        compared.subscription_id,
        compared.month,
        compared.next_month,
        compared.effective_on,
        coalesce(
            merges.survivor_account_id, compared.opening_account_id, compared.closing_account_id
        ) as base_account_id,
        merges.merged_on,
        {% for name in terms if name != 'is_suspended' -%}
        compared.opening_{{ name }},
        compared.closing_{{ name }},
        {% endfor -%}
        coalesce(compared.opening_is_suspended, false) as opening_is_suspended,
        compared.closing_is_suspended,
        compared.opening_arr,
        compared.closing_arr
    from compared
    left outer join merges
        on
            compared.opening_account_id = merges.account_id
            and compared.month = merges.month
)

select * from final
