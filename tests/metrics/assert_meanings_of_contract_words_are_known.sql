-- Models know these meanings and no others: a word of another one would be active, or worth
-- nothing, in silence.
{{ config(meta={'dagster': {'ref': {'name': 'vocabulary'}}}) }}

with words as (
    select
        field,
        value,
        meaning
    from {{ ref('vocabulary') }}
)

select
    field,
    value,
    meaning
from words
where
    (
        field = 'subscription_status'
        and meaning not in (
            'active', 'trialing', 'past_due', 'paused', 'unpaid', 'non_renewing', 'canceled',
            'ended', 'future', 'draft'
        )
    )
    or (field = 'usage_type' and meaning not in ('licensed', 'metered'))
    or (field = 'discount_duration' and meaning not in ('once', 'repeating', 'forever'))
    or (
        -- A unit, or a whole number of more than one of them.
        field = 'billing_interval'
        and (
            case when meaning like '% %' then split_part(meaning, ' ', 2) else meaning end
            not in ('day', 'week', 'month', 'quarter', 'year')
            or (
                meaning like '% %'
                and coalesce(try_cast(split_part(meaning, ' ', 1) as integer), 0) < 2
            )
            or meaning like '% % %'
        )
    )
