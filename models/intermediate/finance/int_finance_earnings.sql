-- Grain: one row per invoice line or refund, account and month; the month of the as-of date is
-- cut after it.
-- Earned evenly by day over [earned_from, earned_to). Cents are cumulated, so that the rows of a
-- line add up to the line. A merge moves the rest of a line to the survivor. Days after the
-- as-of date are there too: they are what is deferred.
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

-- The days of each account that answers for the contract's, one after the other.
sides as (
    select
        pieces.*,
        coalesce(ownership.owner_account_id, pieces.contract_account_id) as account_id,
        greatest(pieces.piece_from, coalesce(ownership.valid_from, pieces.piece_from))
            as side_from,
        least(pieces.piece_to, coalesce(ownership.valid_to, pieces.piece_to)) as side_to
    from pieces
    left outer join ownership
        on
            pieces.contract_account_id = ownership.account_id
            and pieces.piece_to > ownership.valid_from
            and pieces.piece_from < coalesce(ownership.valid_to, pieces.piece_to)
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
