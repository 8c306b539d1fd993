-- Control total: survey answers in staging given by the as-of date, against the fact.
{{ config(meta={'dagster': {'ref': {'name': 'fct_survey_response'}}}) }}

with staged as (
    {%- if source_is_on('feedback', 'delighted') %}
    select
        'delighted' as source_system,
        response_id
    from {{ ref('stg_delighted__survey_responses') }}
    where cast(responded_at as date) <= {{ as_of_date() }}
    union all
    {%- endif %}
    {%- if source_is_on('feedback', 'files') %}
    select
        'files' as source_system,
        response_id
    from {{ ref('stg_files__survey_responses') }}
    where cast(responded_at as date) <= {{ as_of_date() }}
    union all
    {%- endif %}
    select
        source_system,
        response_id
    from {{ ref('fct_survey_response') }}
    where false
),

responses as (
    select
        source_system,
        response_id
    from {{ ref('fct_survey_response') }}
)

select
    staged.response_id as staged_response_id,
    responses.response_id as fact_response_id
from staged
full outer join responses
    on
        staged.source_system = responses.source_system
        and staged.response_id = responses.response_id
where staged.response_id is null or responses.response_id is null
