-- Grain: one row per invoice line or refund, account and month; the month of the as-of date is
-- cut after it.
-- Earned evenly by day over [earned_from, earned_to). Cents are cumulated, so that the rows of a
-- line add up to the line. A contract that moves to another account takes the rest of a line with
-- it, and a merge moves it to the survivor. Days after the as-of date are there too: they are what
-- is deferred.
with lines as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        subscription_id,
        contract_account_id,
        line_kind,
        issued_on,
        earned_from,
        earned_to,
        amount_reporting,
        amount_booked
    from {{ ref('int_finance_service_lines') }}
    where is_billed
),

holders as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        valid_to
    from {{ ref('int_arr_contract_holders') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        valid_to
    from {{ ref('int_account_ownership') }}
),

-- The month after the last day may be among them; a stretch of no days is left out below.
line_months as (
    select
        *,
        {{ month_series(dbt.date_trunc('month', 'earned_from'), 'earned_to') }} as month
    from lines
),

pieces as (
    select
        *,
        greatest(earned_from, month) as piece_from,
        least(earned_to, cast({{ dbt.dateadd('month', 1, 'month') }} as date)) as piece_to
    from line_months
),

-- The days of each account that holds the contract, one after the other.
held as (
    select
        pieces.source_system,
        pieces.invoice_id,
        pieces.invoice_line_id,
        pieces.subscription_id,
        coalesce(holders.contract_account_id, pieces.contract_account_id)
            as contract_account_id,
        pieces.line_kind,
        pieces.issued_on,
        pieces.earned_from,
        pieces.earned_to,
        pieces.amount_reporting,
        pieces.amount_booked,
        pieces.month,
        greatest(pieces.piece_from, coalesce(holders.valid_from, pieces.piece_from))
            as held_from,
        least(pieces.piece_to, coalesce(holders.valid_to, pieces.piece_to)) as held_to
    from pieces
    left outer join holders
        on
            pieces.source_system = holders.source_system
            and pieces.subscription_id = holders.subscription_id
            and pieces.piece_to > holders.valid_from
            and pieces.piece_from < holders.valid_to
),

-- And of each account that answers for the holder.
sides as (
    select
        held.*,
        coalesce(ownership.owner_account_id, held.contract_account_id) as account_id,
        greatest(held.held_from, coalesce(ownership.valid_from, held.held_from)) as side_from,
        least(held.held_to, coalesce(ownership.valid_to, held.held_to)) as side_to
    from held
    left outer join ownership
        on
            held.contract_account_id = ownership.account_id
            and held.held_to > ownership.valid_from
            and held.held_from < coalesce(ownership.valid_to, held.held_to)
),

tomorrow as (
    select cast({{ dbt.dateadd('day', 1, as_of_date()) }} as date) as first_day
),

-- Up to the as-of date and after it.
halves as (
    select
        sides.*,
        false as is_deferred,
        sides.side_from as half_from,
        least(sides.side_to, tomorrow.first_day) as half_to
    from sides
    cross join tomorrow
    union all
    select
        sides.*,
        true as is_deferred,
        greatest(sides.side_from, tomorrow.first_day) as half_from,
        sides.side_to as half_to
    from sides
    cross join tomorrow
),

measured as (
    select
        *,
        {{ days_between('earned_from', 'half_from') }} as days_before,
        {{ days_between('earned_from', 'half_to') }} as days_after,
        {{ days_between('earned_from', 'earned_to') }} as line_days
    from halves
    where half_from < half_to
),

final as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        subscription_id,
        contract_account_id,
        account_id,
        month,
        line_kind,
        issued_on,
        is_deferred,
        half_from as earned_from,
        half_to as earned_to,
        {{ share_of_days('amount_reporting', 'days_before', 'days_after', 'line_days') }}
            as earned,
        {{ share_of_days('amount_booked', 'days_before', 'days_after', 'line_days') }}
            as earned_booked
    from measured
)

select * from final
