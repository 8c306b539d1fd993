-- Grain: one row per source system and survey answer given by the as-of date.
with responses as (
    select
        source_system,
        response_id,
        account_id,
        contact_id,
        survey_type,
        score,
        source_score,
        is_satisfied,
        sent_at,
        responded_at
    from {{ ref('int_feedback_responses') }}
),

final as (
    select
        cast(response_id as varchar) as response_id,
        cast(account_id as varchar) as account_id,
        cast(contact_id as varchar) as contact_id,
        cast(survey_type as varchar) as survey_type,
        cast(score as decimal(9, 4)) as score,
        cast(source_score as decimal(9, 4)) as source_score,
        cast(
            case
                when survey_type <> 'nps' then null
                when score >= 9 then 'promoter'
                when score >= 7 then 'passive'
                else 'detractor'
            end as varchar
        ) as nps_group,
        cast(sent_at as timestamp) as sent_at,
        cast(responded_at as timestamp) as responded_at,
        cast(source_system as varchar) as source_system,
        case when survey_type = 'csat' then is_satisfied end as is_satisfied
    from responses
)

select * from final
