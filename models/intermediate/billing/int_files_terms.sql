-- Grain: one row per subscription of the files source: whether it renews by itself, how far what
-- was signed for it reaches (a price of its own from a day on, or up to a day), and when it ends.
-- ends_on: the end of its term, where it does not renew by itself and nothing was signed or billed
-- for the time after it. Agreed where auto_renew is false; where it is empty nobody says so, and
-- only a term that is not over is worth asking for.
{{ config(enabled=source_is_on('billing', 'files')) }}

with subscriptions as (
    select
        subscription_id,
        auto_renew,
        current_term_end
    from {{ ref('stg_files__subscriptions') }}
),

items as (
    select
        subscription_id,
        valid_from,
        valid_to
    from {{ ref('int_files_items') }}
    where coalesce(valid_to > valid_from, true)
),

billed as (
    select
        invoice_lines.subscription_id,
        max(invoice_lines.service_end) as billed_until
    from {{ ref('int_files_invoice_lines') }} as invoice_lines
    inner join {{ ref('int_files_invoices') }} as invoices
        on invoice_lines.invoice_id = invoices.invoice_id
    where
        invoice_lines.line_kind = 'recurring'
        and invoice_lines.amount > 0
        and {{ is_bill('invoices.status') }}
        and cast(invoices.issued_at as date) <= {{ as_of_date() }}
    group by invoice_lines.subscription_id
),

signed as (
    select
        subscription_id,
        max(greatest({{ add_days('valid_from', 1) }}, coalesce(valid_to, valid_from)))
            as signed_until
    from items
    group by subscription_id
),

final as (
    select
        subscriptions.subscription_id,
        coalesce(subscriptions.auto_renew, false) as is_auto_renewed,
        signed.signed_until,
        case
            when
                not coalesce(
                    subscriptions.auto_renew,
                    subscriptions.current_term_end <= {{ as_of_date() }}
                )
                and coalesce(
                    greatest(signed.signed_until, billed.billed_until)
                    <= subscriptions.current_term_end,
                    true
                )
                then subscriptions.current_term_end
        end as ends_on,
        subscriptions.auto_renew is not null as is_end_agreed
    from subscriptions
    left outer join signed
        on subscriptions.subscription_id = signed.subscription_id
    left outer join billed
        on subscriptions.subscription_id = billed.subscription_id
)

select * from final
