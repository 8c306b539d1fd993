-- Grain: one row per account in scope and day on which the number of its licensed seats changes.
-- What held before the account's first day that is read counts as a change on that day.
{{ config(materialized='ephemeral') }}

with licences as (
    select
        scope.account_no,
        licences.valid_to,
        licences.seats,
        greatest(licences.valid_from, scope.read_from) as valid_from
    from {{ ref('int_product_licences') }} as licences
    inner join {{ ref('int_product_usage_scope') }} as scope
        on licences.account_id = scope.account_id
    where licences.valid_to is null or licences.valid_to > scope.read_from
),

changes as (
    select
        account_no,
        valid_from as usage_date,
        seats as seat_change
    from licences
    union all
    select
        account_no,
        valid_to as usage_date,
        -seats as seat_change
    from licences
    where valid_to <= {{ as_of_date() }}
),

final as (
    select
        account_no,
        usage_date,
        sum(seat_change) as seat_change
    from changes
    group by
        account_no,
        usage_date
)

select * from final
