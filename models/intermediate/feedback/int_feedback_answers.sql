-- Grain: one row per source system and survey answer given by the as-of date, usable or not.
-- What the answer says on the scale of its survey (seed survey_scales). The score is brought to the
-- scale of the survey type (csat 1 to 5), is_satisfied judged on the survey's own. An answer of an
-- unknown survey, or outside its scale, is not usable.
{% set columns = {
    'response_id': 'varchar',
    'account_key': 'varchar',
    'survey_type': 'varchar',
    'score': 'decimal(9, 4)',
    'responded_at': 'timestamp',
    'contact_id': 'varchar',
    'email': 'varchar',
    'comment': 'varchar',
    'request_id': 'varchar',
    'sent_at': 'timestamp',
    'source_file': 'varchar',
    'source_line': 'bigint',
} %}

with united as (
    {{ union_systems(
        'feedback',
        {'delighted': 'int_delighted_surveys', 'files': 'int_files_surveys'},
        columns
    ) }}
),

words as (
    select
        word,
        meaning
    from {{ ref('int_vocabulary') }}
    where field = 'survey_type'
),

scales as (
    select
        survey,
        source_system,
        survey_type,
        least,
        most,
        satisfied_from
    from {{ ref('survey_scales') }}
),

scaled as (
    select
        united.source_system,
        united.response_id,
        united.account_key,
        united.score as source_score,
        united.responded_at,
        united.contact_id,
        united.email,
        united.comment,
        united.request_id,
        united.sent_at,
        united.source_file,
        united.source_line,
        united.survey_type as source_survey_type,
        coalesce(own.survey_type, common.survey_type) as survey_type,
        coalesce(own.least, common.least) as least,
        coalesce(own.most, common.most) as most,
        case when own.survey is not null then own.satisfied_from else common.satisfied_from end
            as satisfied_from
    from united
    left outer join words
        on {{ folded_word('united.survey_type') }} = words.word
    left outer join scales as own
        on
            words.meaning = own.survey
            and united.source_system = own.source_system
    left outer join scales as common
        on
            words.meaning = common.survey
            and common.source_system is null
    where cast(united.responded_at as date) <= {{ as_of_date() }}
),

final as (
    select
        scaled.source_system,
        scaled.response_id,
        scaled.account_key,
        scaled.survey_type,
        scaled.source_survey_type,
        scaled.source_score,
        scaled.responded_at,
        scaled.contact_id,
        scaled.email,
        scaled.comment,
        scaled.request_id,
        scaled.sent_at,
        scaled.source_file,
        scaled.source_line,
        scaled.least,
        scaled.most,
        cast(
            case
                when scaled.least = base.least and scaled.most = base.most
                    then scaled.source_score
                else
                    base.least
                    + cast(scaled.source_score - scaled.least as double)
                    / cast(scaled.most - scaled.least as double) * (base.most - base.least)
            end as decimal(9, 4)
        ) as score,
        scaled.source_score >= scaled.satisfied_from as is_satisfied,
        coalesce(scaled.source_score between scaled.least and scaled.most, false) as is_usable
    from scaled
    left outer join scales as base
        on
            scaled.survey_type = base.survey
            and base.source_system is null
)

select * from final
