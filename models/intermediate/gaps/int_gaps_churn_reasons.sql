-- Grain: one row per billing or CRM system and text that gives a reason of churn nobody has mapped.
with notes as (
    select
        source_system,
        account_id,
        reason,
        churned_on
    from {{ ref('int_crm_churn_reasons') }}
),

subscriptions as (
    select
        source_system,
        subscription_id,
        cancel_reason,
        ended_on
    from {{ ref('int_billing_subscriptions') }}
    where ended_on is not null
),

reason_map as (
    select reason_text
    from {{ ref('churn_reason_map') }}
),

texts as (
    select
        source_system,
        reason as reason_text,
        churned_on
    from notes
    union all
    select
        source_system,
        cancel_reason as reason_text,
        ended_on as churned_on
    from subscriptions
    where
        -- Stripe's words for who ended it, which are no reason.
        cancel_reason <> 'cancellation_requested'
),

final as (
    select
        texts.source_system,
        'churn_reason' as object_type,
        {{ reason_words('texts.reason_text') }} as object_id,
        'reason_unknown' as gap,
        'The reason "' || min(texts.reason_text) || '" of ' || cast(count(*) as varchar)
        || case when count(*) = 1 then ' churn' else ' churns' end
        || ' is not one of those in seed churn_reason_map; it counts as other.' as what_is_missing,
        cast(null as varchar) as account_id,
        cast(count(*) as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        min(texts.churned_on) as since,
        'Add it to seeds/churn_reason_map.csv.' as remedy,
        'info' as severity
    from texts
    left outer join reason_map
        on {{ reason_words('texts.reason_text') }} = reason_map.reason_text
    where
        texts.reason_text is not null
        and reason_map.reason_text is null
    group by
        texts.source_system,
        {{ reason_words('texts.reason_text') }}
)

select * from final
