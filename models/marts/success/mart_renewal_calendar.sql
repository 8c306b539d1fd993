-- Grain: one row per subscription and end of a term: ahead, of the last twelve months, and pending.
with renewals as (
    select
        source_system,
        subscription_id,
        account_id,
        term_start,
        due_on as term_end,
        atr,
        renewed_atr,
        renewed_on,
        outcome,
        is_unconfirmed,
        cancel_requested_at,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_renewal') }}
    where
        outcome = 'pending'
        or due_on > cast({{ dbt.dateadd('month', -12, as_of_date()) }} as date)
),

subscriptions as (
    select
        source_system,
        subscription_id,
        auto_renew
    from {{ ref('fct_subscription') }}
),

accounts as (
    select
        account_id,
        account_name,
        coalesce(merged_into_account_id, account_id) as holder_id,
        csm_id,
        csm_name
    from {{ ref('dim_account') }}
),

health_days as (
    select
        account_id,
        date_day,
        band,
        displayed_band
    from {{ ref('fct_account_health_day') }}
),

rates as (
    select
        segment,
        band_90d_before,
        terms,
        renewal_rate
    from {{ ref('fct_renewal_rate') }}
    where forecast_on = {{ as_of_date() }}
),

preparations as (
    select
        source_system,
        subscription_id,
        due_on,
        prepare_from,
        prepared_on,
        is_prepared
    from {{ ref('fct_renewal_preparation') }}
),

signals as (
    select
        account_id,
        count(*) as signals_open,
        count_if(severity <> 'low') as serious_signals
    from {{ ref('mart_risk_signals') }}
    where is_open
    group by account_id
),

-- Who answers for the account since a merge is asked: its health, signals and manager.
terms as (
    select
        renewals.*,
        accounts.account_name,
        accounts.holder_id,
        {{ add_days('renewals.term_end', -90) }} as judged_on,
        (renewals.outcome = 'pending') as is_open
    from renewals
    left outer join accounts
        on renewals.account_id = accounts.account_id
),

joined as (
    select
        terms.*,
        case when terms.is_open then subscriptions.auto_renew end as auto_renew,
        holders.csm_id as holder_csm_id,
        holders.csm_name,
        today.band as health_band,
        today.displayed_band,
        coalesce(
            judged.band, case when terms.judged_on <= {{ as_of_date() }} then 'unknown' end
        ) as band_90d_before,
        preparations.prepare_from,
        preparations.prepared_on,
        preparations.is_prepared,
        cast(coalesce(signals.signals_open, 0) as bigint) as signals_open,
        case
            when not terms.is_open then false
            else {{ is_at_risk(
                'terms.cancel_requested_at', 'today.band', 'signals.serious_signals'
            ) }}
        end as is_at_risk
    from terms
    left outer join subscriptions
        on
            terms.source_system = subscriptions.source_system
            and terms.subscription_id = subscriptions.subscription_id
    left outer join accounts as holders
        on terms.holder_id = holders.account_id
    left outer join health_days as today
        on
            terms.holder_id = today.account_id
            and today.date_day = {{ as_of_date() }}
    left outer join health_days as judged
        on
            terms.account_id = judged.account_id
            and terms.judged_on = judged.date_day
    left outer join preparations
        on
            terms.source_system = preparations.source_system
            and terms.subscription_id = preparations.subscription_id
            and terms.term_end = preparations.due_on
    left outer join signals
        on terms.holder_id = signals.account_id
),

final as (
    select
        joined.source_system,
        joined.subscription_id,
        joined.account_id,
        joined.account_name,
        joined.holder_csm_id as csm_id,
        joined.csm_name,
        joined.term_start,
        joined.term_end,
        cast({{ days_between(as_of_date(), 'joined.term_end') }} as bigint) as days_to_go,
        cast(joined.cancel_requested_at as date) as notice_on,
        joined.auto_renew,
        joined.atr,
        joined.outcome,
        joined.is_unconfirmed,
        joined.renewed_on,
        joined.renewed_atr,
        joined.health_band,
        joined.displayed_band,
        joined.band_90d_before,
        joined.signals_open,
        joined.is_at_risk,
        joined.prepare_from,
        joined.prepared_on,
        joined.is_prepared,
        rates.renewal_rate,
        case when joined.is_open then coalesce(rates.terms, 0) end as observed_terms,
        {{ each_column(segment_columns().values() | reject('equalto', 'csm_id'), 'joined.@') }},
        {{ as_of_date() }} as as_of_date
    from joined
    left outer join rates
        on
            joined.is_open
            and coalesce(joined.segment, 'unassigned') = rates.segment
            and rates.band_90d_before
            = coalesce(joined.band_90d_before, joined.health_band, 'unknown')
)

select * from final
