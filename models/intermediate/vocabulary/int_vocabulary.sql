-- Grain: one row per field and word that a source may use, in the form in which it is looked up.
with words as (
    select
        field,
        meaning,
        {{ folded_word('value') }} as word
    from {{ ref('vocabulary') }}
),

final as (
    select distinct
        field,
        word,
        meaning
    from words
)

select * from final
