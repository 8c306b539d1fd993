-- Grain: one row per subscription and first day of a term of more than one month.
-- A term is a billing period that the customer is bound for: what is billed by the month, week
-- or day rolls on and is never due. Stripe's states tell each period; where only the current
-- one is known (files), earlier ones are counted back from it; where none is, on from the start.
{% set columns = {'subscription_id': 'varchar', 'term_start': 'date', 'term_end': 'date'} %}

with lines as (
    select
        source_system,
        subscription_id,
        billing_interval,
        interval_count,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_arr_line_intervals') }}
    where
        arr > 0
        and valid_from <= {{ as_of_date() }}
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

-- paid_until is null while there is no end: the contract is paid until further notice.
subscriptions as (
    select
        source_system,
        subscription_id,
        min(valid_from) as paid_from,
        nullif(max(valid_to), cast('9999-12-31' as date)) as paid_until,
        max_by({{ intervals_per_year('billing_interval') }}, valid_from) as intervals_per_year,
        max_by(interval_count, valid_from) as interval_count
    from lines
    group by
        source_system,
        subscription_id
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

origins as (
    select
        subscriptions.source_system,
        subscriptions.subscription_id,
        subscriptions.paid_from,
        first_known.first_start,
        coalesce(first_known.first_start, subscriptions.paid_from) as origin,
        cast(
            12 * subscriptions.interval_count / subscriptions.intervals_per_year as integer
        ) as term_months
    from subscriptions
    left outer join first_known
        on
            subscriptions.source_system = first_known.source_system
            and subscriptions.subscription_id = first_known.subscription_id
    where
        subscriptions.intervals_per_year <= 12
        and 12 * subscriptions.interval_count / subscriptions.intervals_per_year > 1
),

steps as (
    select
        source_system,
        subscription_id,
        origin,
        term_months,
        {{ integer_series(
            '-cast(ceil(greatest(' ~ months_between('paid_from', 'origin')
            ~ ', 0) * 1.0 / term_months) as integer)',
            'case when first_start is null then cast(floor('
            ~ months_between('paid_from', as_of_date())
            ~ ' * 1.0 / term_months) as integer) else -1 end'
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
        subscriptions.paid_from,
        subscriptions.paid_until
    from terms
    inner join subscriptions
        on
            terms.source_system = subscriptions.source_system
            and terms.subscription_id = subscriptions.subscription_id
    where
        terms.term_start <= {{ as_of_date() }}
        and terms.term_end > subscriptions.paid_from
        and {{ months_between('terms.term_start', 'terms.term_end') }} > 1
        and (subscriptions.paid_until is null or subscriptions.paid_until > terms.term_start)
)

select * from final
