-- Grain: one row per invoice line and gap: what is odd about the line itself.
with lines as (
    select
        source_system,
        invoice_line_id,
        contract_account_id,
        issued_on,
        earned_from,
        earned_to
    from {{ ref('int_finance_service_lines') }}
    where is_billed
),

periods as (
    select
        source_system,
        invoice_line_id,
        service_start,
        service_end
    from {{ ref('int_billing_invoice_lines') }}
    where service_end < service_start
),

{% if source_is_on('billing', 'files') -%}
words as (
    select
        'files' as source_system,
        invoice_line_id,
        line_kind as word
    from {{ ref('stg_files__invoice_lines') }}
    where line_kind is not null and {{ invoice_line_kind('line_kind') }} is null
),

{% endif -%}
found as (
    select
        lines.*,
        'period_reversed' as gap,
        'The period of line ' || lines.invoice_line_id || ' ends on '
        || cast(periods.service_end as varchar) || ', before it begins on '
        || cast(periods.service_start as varchar) || ': it is earned on the day of the invoice.'
            as what_is_missing,
        'Correct the period of the line.' as remedy
    from lines
    inner join periods
        on
            lines.source_system = periods.source_system
            and lines.invoice_line_id = periods.invoice_line_id
    union all
    select
        *,
        'period_very_long' as gap,
        'Line ' || invoice_line_id || ' is earned from ' || cast(earned_from as varchar) || ' to '
        || cast(earned_to as varchar) || ', over more than ten years.' as what_is_missing,
        'Check the period of the line.' as remedy
    from lines
    where {{ days_between('earned_from', 'earned_to') }} > 3653
    {%- if source_is_on('billing', 'files') %}
    union all
    select
        lines.*,
        'line_kind_unknown' as gap,
        'Line ' || lines.invoice_line_id || ' says it is ''' || words.word
        || ''', which is no kind of line: its flags and its amount decide.' as what_is_missing,
        'Use one of: {{ invoice_line_words() | join(", ") }}.' as remedy
    from lines
    inner join words
        on
            lines.source_system = words.source_system
            and lines.invoice_line_id = words.invoice_line_id
    {%- endif %}
),

final as (
    select
        source_system,
        'invoice_line' as object_type,
        invoice_line_id as object_id,
        gap,
        what_is_missing,
        contract_account_id as account_id,
        cast(1 as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        issued_on as since,
        remedy,
        'warning' as severity
    from found
)

select * from final
