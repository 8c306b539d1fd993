-- Grain: one row per source system, object of feedback and gap: what surveys and touchpoints do not
-- tell.
-- Answers outside the scale of their survey, and surveys that the vocabulary does not know: neither
-- counts. Sentences name file and line where the source has them.
with answers as (
    select
        source_system,
        response_id,
        account_key,
        survey_type,
        source_survey_type,
        source_score,
        responded_at,
        source_file,
        source_line,
        least,
        most
    from {{ ref('int_feedback_answers') }}
    where not is_usable
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

known as (
    select
        string_agg(distinct replace(word, '_', ' '), ', ' order by replace(word, '_', ' '))
            as known_words,
        string_agg(distinct meaning, ', ' order by meaning) as meanings
    from {{ ref('int_vocabulary') }}
    where field = 'survey_type'
),

touchpoints as (
    select
        source_system,
        source_type,
        touchpoint_type,
        count(*) as row_count,
        min(touchpoint_id) as touchpoint_id,
        cast(min(occurred_at) as date) as since
    from {{ ref('int_crm_touchpoints') }}
    where not is_type_known and nullif(trim(source_type), '') is not null
    group by
        source_system,
        source_type,
        touchpoint_type
),

touchpoint_words as (
    select
        string_agg(distinct replace(word, '_', ' '), ', ' order by replace(word, '_', ' '))
            as known_words,
        string_agg(distinct meaning, ', ' order by meaning) as meanings
    from {{ ref('int_vocabulary') }}
    where field = 'touchpoint_type'
),

gaps as (
    select
        answers.source_system,
        'survey_response' as object_type,
        answers.response_id as object_id,
        'score_out_of_range' as gap,
        'Answer ' || answers.response_id || ' (' || answers.source_file || ' line '
        || answers.source_line || ') gives ' || {{ plain_number('answers.source_score') }}
        || ' in a survey of type ''' || answers.source_survey_type || ''', which goes from '
        || {{ plain_number('answers.least') }} || ' to ' || {{ plain_number('answers.most') }}
        || ': it does not count.' as what_is_missing,
        accounts.account_id,
        1 as row_count,
        cast(answers.responded_at as date) as since,
        'Correct the score, or state the scale in seeds/survey_scales.csv (a percentage, thumbs '
        || 'and three faces are surveys of their own).' as remedy
    from answers
    left outer join accounts
        on
            answers.source_system = accounts.source_system
            and answers.account_key = accounts.system_key
    where answers.survey_type is not null
    union all
    select
        answers.source_system,
        'survey_type' as object_type,
        answers.source_survey_type as object_id,
        'survey_type_unknown' as gap,
        'Survey type ''' || answers.source_survey_type || ''' (answer '
        || min(answers.response_id) || case when count(*) > 1 then ' …' else '' end
        || ') is not known: ' || count(*) || ' answers do not count. Known are: '
        || known.known_words || '.' as what_is_missing,
        cast(null as varchar) as account_id,
        count(*) as row_count,
        cast(min(answers.responded_at) as date) as since,
        'Add the word to seeds/vocabulary.csv (field survey_type) with what it means: '
        || known.meanings || '.' as remedy
    from answers
    cross join known
    where answers.survey_type is null
    group by
        answers.source_system,
        answers.source_survey_type,
        known.known_words,
        known.meanings
    union all
    select
        touchpoints.source_system,
        'touchpoint_type' as object_type,
        touchpoints.source_type || ': ' || touchpoints.touchpoint_type as object_id,
        'touchpoint_type_unknown' as gap,
        'Touchpoint type ''' || touchpoints.source_type || ''' (touchpoint '
        || touchpoints.touchpoint_id
        || case when touchpoints.row_count > 1 then ' …' else '' end || ') is not known: '
        || touchpoints.row_count || ' count as ' || touchpoints.touchpoint_type
        || '. Known are: ' || touchpoint_words.known_words || '.' as what_is_missing,
        cast(null as varchar) as account_id,
        touchpoints.row_count,
        touchpoints.since,
        'Add the word to seeds/vocabulary.csv (field touchpoint_type) with what it means: '
        || touchpoint_words.meanings || '.' as remedy
    from touchpoints
    cross join touchpoint_words
),

final as (
    select
        cast(source_system as varchar) as source_system,
        cast(object_type as varchar) as object_type,
        cast(object_id as varchar) as object_id,
        cast(gap as varchar) as gap,
        cast(what_is_missing as varchar) as what_is_missing,
        cast(account_id as varchar) as account_id,
        cast(row_count as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        since,
        cast(remedy as varchar) as remedy,
        'warning' as severity
    from gaps
)

select * from final
