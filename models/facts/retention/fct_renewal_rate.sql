-- Grain: one row per health band, as it stood 90 days before a term was due.
-- What became of terms that can no longer turn out otherwise. Those of the last late_renewal_days
-- are left out altogether: what was renewed of them is known and what was lost is not, so they
-- would flatter the rate.
{% set months = var('renewal_rate_months') %}

with renewals as (
    select
        account_id,
        due_on,
        atr,
        renewed_atr
    from {{ ref('fct_renewal') }}
    where
        outcome <> 'pending'
        and due_on > cast({{ dbt.dateadd('month', -months, as_of_date()) }} as date)
        and {{ add_days('due_on', var('late_renewal_days')) }} < {{ as_of_date() }}
),

health_days as (
    select
        account_id,
        date_day,
        band
    from {{ ref('fct_account_health_day') }}
),

bands as (
    select
        coalesce(health_days.band, 'unknown') as band,
        count(*) as terms,
        sum(renewals.atr) as atr,
        sum(renewals.renewed_atr) as renewed_atr
    from renewals
    left outer join health_days
        on
            renewals.account_id = health_days.account_id
            and {{ add_days('renewals.due_on', -90) }} = health_days.date_day
    group by coalesce(health_days.band, 'unknown')
),

final as (
    select
        cast(band as varchar) as band_90d_before,
        cast(terms as bigint) as terms,
        cast(atr as decimal(18, 2)) as atr,
        cast(renewed_atr as decimal(18, 2)) as renewed_atr,
        case
            when terms >= {{ var('renewal_rate_least_terms') }}
                then cast(renewed_atr / atr as double)
        end as renewal_rate
    from bands
)

select * from final
