-- Grain: one row per source system, ticket, moment and sign, up to the as-of date.
-- Escalated and merged are true or false; a satisfaction is good or bad.
{% set columns = {
    'ticket_id': 'varchar',
    'occurred_at': 'timestamp',
    'field_name': 'varchar',
    'field_value': 'varchar',
} %}

with united as (
    {{ union_systems(
        'support',
        {'zendesk': 'int_zendesk_ticket_signs', 'files': 'int_files_ticket_signs'},
        columns
    ) }}
),

words as (
    select
        word,
        meaning
    from {{ ref('int_vocabulary') }}
    where field = 'satisfaction' and meaning in ('good', 'bad')
),

final as (
    select
        united.source_system,
        united.ticket_id,
        united.occurred_at,
        united.field_name,
        coalesce(words.meaning, united.field_value) as field_value
    from united
    left outer join words
        on
            united.field_name = 'satisfaction'
            and {{ folded_word('united.field_value') }} = words.word
    where
        cast(united.occurred_at as date) <= {{ as_of_date() }}
        and (united.field_name <> 'satisfaction' or words.word is not null)
)

select * from final
