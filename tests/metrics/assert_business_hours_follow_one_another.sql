-- A stretch of hours closes after it opens and before the next one opens: else time would count
-- twice, or be taken away. A night shift is two rows, up to 24:00 and from 00:00.
{{ config(meta={'dagster': {'ref': {'name': 'business_hours'}}}) }}

with hours as (
    select
        calendar,
        weekday,
        opens_at,
        closes_at,
        lead(opens_at, 1, '24:00') over (
            partition by calendar, weekday
            order by opens_at
        ) as next_opens_at
    from {{ ref('business_hours') }}
)

select
    calendar,
    weekday,
    opens_at,
    closes_at,
    next_opens_at
from hours
where
    opens_at not like '__:__'
    or closes_at not like '__:__'
    or closes_at <= opens_at
    or closes_at > next_opens_at
