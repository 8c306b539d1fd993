-- Grain: one row per subscription with a line in the ledger and day from which an account holds it.
-- Before merges. The first holder answers for the days before the ledger begins too, and the last
-- one for those after it ends: bills and what was signed follow their contract, day by day.
with intervals as (
    select
        source_system,
        subscription_id,
        valid_from,
        max(contract_account_id) as contract_account_id
    from {{ ref('int_arr_line_intervals') }}
    group by
        source_system,
        subscription_id,
        valid_from
),

flagged as (
    select
        *,
        lag(contract_account_id) over (
            partition by source_system, subscription_id
            order by valid_from
        ) as account_before
    from intervals
),

final as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        case when account_before is null then cast('1900-01-01' as date) else valid_from end
            as valid_from,
        coalesce(
            lead(valid_from) over (
                partition by source_system, subscription_id
                order by valid_from
            ),
            cast('9999-12-31' as date)
        ) as valid_to
    from flagged
    where contract_account_id is distinct from account_before
)

select * from final
