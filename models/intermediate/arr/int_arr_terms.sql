-- Grain: one row per subscription and first day of a term of more than one month.
-- A term is the time that the customer is committed for: what rolls on by the month, week or day is
-- never due. Stripe's states tell each period. Where only the current term is known, earlier ones
-- are counted back from it to the start of the contract, and later ones follow only when it renews
-- by itself or something was billed or signed for them. Where none is known, a contract that is
-- billed for longer than a month is committed for as long, from the start on.
-- is_renewal_known: whether what follows the term is known.
{% set columns = {'subscription_id': 'varchar', 'term_start': 'date', 'term_end': 'date'} %}

with stretches as (
    select
        source_system,
        subscription_id,
        stretch_from,
        coalesce(stretch_to, {{ add_days(as_of_date(), 1) }}) as stretch_to,
        term_months,
        delivered_start,
        paid_from,
        paid_until,
        is_auto_renewed,
        agreed_until
    from {{ ref('int_arr_term_stretches') }}
),

past_periods as (
    {{ union_systems('billing', {'stripe': 'int_stripe_subscription_states'}, columns) }}
),

current_periods as (
    select
        source_system,
        subscription_id,
        term_start,
        term_end
    from {{ ref('int_billing_subscriptions') }}
),

contracts as (
    select distinct
        source_system,
        subscription_id,
        delivered_start,
        paid_from,
        paid_until,
        is_auto_renewed,
        agreed_until
    from stretches
),

known_terms as (
    select
        source_system,
        subscription_id,
        term_start,
        max(term_end) as term_end
    from (
        select * from past_periods
        union all
        select * from current_periods
    ) as periods
    where term_end > term_start
    group by
        source_system,
        subscription_id,
        term_start
),

first_known as (
    select
        source_system,
        subscription_id,
        min(term_start) as first_start
    from known_terms
    group by
        source_system,
        subscription_id
),

-- Terms are counted from the first known one where it lies in the stretch, back to its beginning;
-- in a stretch before it, from the beginning on. After it only where a term was delivered.
origins as (
    select
        stretches.*,
        first_known.first_start,
        coalesce(
            stretches.delivered_start,
            case
                when first_known.first_start < stretches.stretch_to then first_known.first_start
            end,
            stretches.stretch_from
        ) as origin
    from stretches
    left outer join first_known
        on
            stretches.source_system = first_known.source_system
            and stretches.subscription_id = first_known.subscription_id
    where
        stretches.term_months > 1
        and (
            stretches.delivered_start is not null
            or coalesce(stretches.stretch_from <= first_known.first_start, true)
        )
),

steps as (
    select
        *,
        {{ integer_series(
            '-cast(ceil(greatest(' ~ months_between('stretch_from', 'origin')
            ~ ', 0) * 1.0 / term_months) as integer)',
            'cast(floor(' ~ months_between('origin', as_of_date())
            ~ ' * 1.0 / term_months) as integer)'
        ) }} as step
    from origins
),

counted_terms as (
    select
        source_system,
        subscription_id,
        cast({{ dbt.dateadd('month', 'step * term_months', 'origin') }} as date) as term_start,
        cast({{ dbt.dateadd('month', '(step + 1) * term_months', 'origin') }} as date) as term_end
    from steps
    where
        case
            when step < 0 then true
            when delivered_start is not null
                then
                    step > 0
                    and (
                        is_auto_renewed
                        or agreed_until
                        > {{ dbt.dateadd('month', 'step * term_months', 'origin') }}
                    )
            when first_start = origin then false
            else {{ dbt.dateadd('month', 'step * term_months', 'origin') }} < stretch_to
        end
),

terms as (
    select * from known_terms
    union all
    select * from counted_terms
),

-- A period that begins before the one before it is over replaces it: it was renewed early.
final as (
    select
        terms.source_system,
        terms.subscription_id,
        terms.term_start,
        terms.term_end,
        lead(terms.term_start) over (
            partition by terms.source_system, terms.subscription_id
            order by terms.term_start
        ) as next_term_start,
        contracts.paid_from,
        contracts.paid_until,
        (
            contracts.delivered_start is null
            or terms.term_start < contracts.delivered_start
            or contracts.is_auto_renewed
            or coalesce(contracts.agreed_until > terms.term_end, false)
        ) as is_renewal_known
    from terms
    inner join contracts
        on
            terms.source_system = contracts.source_system
            and terms.subscription_id = contracts.subscription_id
    where
        terms.term_start <= {{ as_of_date() }}
        and terms.term_end > contracts.paid_from
        and {{ months_between('terms.term_start', 'terms.term_end') }} > 1
        and (contracts.paid_until is null or contracts.paid_until > terms.term_start)
)

select * from final
