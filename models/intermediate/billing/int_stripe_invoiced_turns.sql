-- Grain: one row per Stripe subscription with a gap before its events: when its status turned.
-- A trial ends as the object says, or, when nothing was billed then, with the first paid period.
-- Who is unpaid or paused at the end of the gap has been so since an invoice was written off, or
-- since the first of the voided ones that nothing followed. Other turns show in events alone.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with gaps as (
    select
        subscription_id,
        greatest(coalesce(trial_from, started_on), started_on) as trial_from,
        trial_to,
        told_from,
        status,
        is_paused
    from {{ ref('int_stripe_event_gaps') }}
),

lines as (
    select
        subscription_id,
        period_start
    from {{ ref('int_stripe_invoiced_lines') }}
),

invoices as (
    select
        subscription_id,
        status,
        cast(issued_at as date) as issued_on,
        cast(written_off_at as date) as written_off_on
    from {{ ref('stg_stripe__invoices') }}
    where cast(issued_at as date) <= {{ as_of_date() }}
),

billed as (
    select
        gaps.subscription_id,
        max(lines.period_start) as last_billed_on,
        min(case when lines.period_start >= gaps.trial_to then lines.period_start end)
            as first_paid_on
    from gaps
    inner join lines
        on
            gaps.subscription_id = lines.subscription_id
            and gaps.told_from > lines.period_start
    group by gaps.subscription_id
),

-- An invoice of the trial shows that none is missing between its end and the first paid period.
final as (
    select
        gaps.subscription_id,
        case when gaps.trial_to is not null then gaps.trial_from end as trial_from,
        case
            when min(invoices.issued_on) <= gaps.trial_to
                then coalesce(billed.first_paid_on, gaps.trial_to)
            else gaps.trial_to
        end as trial_to,
        case
            when gaps.status = 'unpaid'
                then max(
                    case
                        when
                            invoices.written_off_on >= billed.last_billed_on
                            and invoices.written_off_on <= {{ as_of_date() }}
                            then invoices.written_off_on
                    end
                )
        end as unpaid_from,
        case
            when gaps.is_paused
                then min(
                    case
                        when
                            invoices.status = 'void'
                            and invoices.issued_on >= billed.last_billed_on
                            then invoices.issued_on
                    end
                )
        end as paused_from
    from gaps
    left outer join billed
        on gaps.subscription_id = billed.subscription_id
    left outer join invoices
        on gaps.subscription_id = invoices.subscription_id
    group by
        gaps.subscription_id,
        gaps.trial_from,
        gaps.trial_to,
        gaps.status,
        gaps.is_paused,
        billed.first_paid_on,
        billed.last_billed_on
)

select * from final
