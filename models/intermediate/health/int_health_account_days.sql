-- Grain: one row per account and day on which it was under contract, as known at the end of it.
-- The days that get a health score: paused contracts count, trials do not. Segment and manager
-- are those of the day.
with contracts as (
    select
        account_id,
        valid_from,
        valid_to
    from {{ ref('int_health_contracts') }}
),

attributes as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        segment,
        csm_id
    from {{ ref('int_crm_account_history') }}
),

ordered as (
    select
        account_id,
        valid_from,
        valid_to,
        max(valid_to) over (
            partition by account_id
            order by valid_from, valid_to
            rows between unbounded preceding and 1 preceding
        ) as covered_to
    from contracts
),

numbered as (
    select
        account_id,
        valid_from,
        valid_to,
        sum(case when valid_from <= covered_to then 0 else 1 end) over (
            partition by account_id
            order by valid_from, valid_to
            rows between unbounded preceding and current row
        ) as spell
    from ordered
),

spells as (
    select
        account_id,
        spell,
        min(valid_from) as spell_from,
        max(valid_to) as spell_to,
        min(min(valid_from)) over (partition by account_id) as contract_started_on
    from numbered
    group by
        account_id,
        spell
),

versions as (
    select
        spells.account_id,
        spells.contract_started_on,
        attributes.segment,
        attributes.csm_id,
        greatest(
            spells.spell_from,
            coalesce(attributes.valid_from, spells.spell_from),
            {{ add_days(as_of_date(), 1 - var('health_history_days')) }}
        ) as first_day,
        least(
            {{ add_days('spells.spell_to', -1) }},
            coalesce({{ add_days('attributes.valid_to', -1) }}, spells.spell_to),
            {{ as_of_date() }}
        ) as last_day
    from spells
    left outer join attributes
        on
            spells.account_id = attributes.account_id
            and spells.spell_from < attributes.valid_to
            and spells.spell_to > attributes.valid_from
),

days as (
    select
        account_id,
        contract_started_on,
        segment,
        csm_id,
        {{ day_series('first_day', 'last_day') }} as date_day
    from versions
    where first_day <= last_day
),

final as (
    select
        account_id,
        date_day,
        segment,
        csm_id,
        contract_started_on,
        case
            when {{ days_between('contract_started_on', 'date_day') }} <= 30 then 'onboarding'
            when {{ days_between('contract_started_on', 'date_day') }} <= 60 then 'adoption'
            when {{ days_between('contract_started_on', 'date_day') }} <= 90 then 'expansion'
            else 'ongoing'
        end as lifecycle_stage
    from days
)

select * from final
