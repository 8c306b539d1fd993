-- Grain: one row per source system and ticket: the calendar whose hours count for it.
-- By the ticket's brand, else by country, region or segment of its account, else the one for all.
with tickets as (
    select
        source_system,
        ticket_id,
        own_account_id,
        brand
    from {{ ref('int_support_tickets') }}
),

accounts as (
    select
        account_id,
        country,
        region,
        segment
    from {{ ref('int_crm_accounts') }}
),

calendars as (
    select
        calendar,
        time_zone,
        applies_to,
        applies_value,
        case applies_to
            when 'brand' then 1
            when 'country' then 2
            when 'region' then 3
            when 'segment' then 4
            else 5
        end as place
    from {{ ref('business_calendars') }}
),

final as (
    select
        tickets.source_system,
        tickets.ticket_id,
        calendars.calendar,
        calendars.time_zone
    from tickets
    left outer join accounts
        on tickets.own_account_id = accounts.account_id
    inner join calendars
        on
            calendars.applies_to = 'all'
            or (calendars.applies_to = 'brand' and tickets.brand = calendars.applies_value)
            or (calendars.applies_to = 'country' and accounts.country = calendars.applies_value)
            or (calendars.applies_to = 'region' and accounts.region = calendars.applies_value)
            or (calendars.applies_to = 'segment' and accounts.segment = calendars.applies_value)
    qualify row_number() over (
        partition by tickets.source_system, tickets.ticket_id
        order by calendars.place
    ) = 1
)

select * from final
