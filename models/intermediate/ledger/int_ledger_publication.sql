-- Grain: one row per publication in force: the last one, and why it is not alike, or none.
with publication as (
    select
        run_id,
        as_of_date,
        compared_on,
        is_as_booked,
        reporting_currency,
        definition_version,
        metric_policy,
        unreadable
    from {{ ref('stg_ledger__publication') }}
),

current_definition as (
    select max(definition_version) as definition_version
    from {{ ref('stg_ledger__definition') }}
),

final as (
    select
        publication.run_id,
        publication.as_of_date,
        publication.compared_on,
        publication.is_as_booked,
        nullif(concat_ws(
            '; ',
            case
                when publication.reporting_currency <> '{{ var("reporting_currency") }}'
                    then 'the reporting currency is another'
            end,
            case
                when publication.metric_policy <> '{{ metric_policy() }}'
                    then 'the metric policies are others'
            end,
            case
                when publication.definition_version <> current_definition.definition_version
                    then 'the metric definition is another'
            end,
            'its files cannot be read: ' || publication.unreadable
        ), '') as changed
    from publication
    cross join current_definition
)

select * from final
