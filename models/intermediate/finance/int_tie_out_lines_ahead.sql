-- Grain: one row per subscription item and day after the as-of date from which a version of it
-- holds (files): the steps of a contract that are agreed and have not come.
-- They are no ARR yet. A bill in advance is for them too. They are of the account that holds the
-- subscription last.
{{ config(enabled=source_is_on('billing', 'files')) }}

with ahead as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        version_end,
        currency,
        arr_local
    from {{ ref('int_files_line_worth') }}
    where valid_from > {{ as_of_date() }}
),

states as (
    select
        subscription_id,
        coalesce(service_end, cast('9999-12-31' as date)) as service_end
    from {{ ref('int_files_subscription_states') }}
),

holders as (
    select
        subscription_id,
        contract_account_id
    from {{ ref('int_arr_contract_holders') }}
    where
        source_system = 'files'
        and valid_to = cast('9999-12-31' as date)
),

final as (
    select
        'files' as source_system,
        ahead.subscription_item_id,
        ahead.subscription_id,
        ahead.valid_from,
        least(ahead.version_end, states.service_end) as valid_to,
        holders.contract_account_id,
        ahead.currency,
        ahead.arr_local
    from ahead
    inner join holders
        on ahead.subscription_id = holders.subscription_id
    inner join states
        on
            ahead.subscription_id = states.subscription_id
            and ahead.valid_from < states.service_end
)

select * from final
