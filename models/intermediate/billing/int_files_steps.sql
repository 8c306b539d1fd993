-- Grain: one row per subscription of the files source and day on which more was signed to begin.
-- Steps of a ramp: a version of an item that begins on an anniversary of a term of several years
-- was signed with the term; any other one that lies ahead, within the term that runs, is signed by
-- now. What begins ahead without a term that covers it is signed by the as-of date, unless that is
-- pinned to the past. What gets less is no step, nor what lies beyond the end of the subscription.
{{ config(enabled=source_is_on('billing', 'files')) }}
{% set unknown = "cast(null as date)" if is_as_of_pinned() else as_of_date() %}

with worth as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        version_end,
        plan_id,
        product_id,
        currency,
        arr_local,
        arr_local_at_end
    from {{ ref('int_files_line_worth') }}
),

states as (
    select
        subscription_id,
        account_id as customer_key,
        started_on,
        service_end
    from {{ ref('int_files_subscription_states') }}
    where
        started_on <= {{ as_of_date() }}
        and coalesce(service_end > {{ as_of_date() }}, true)
        and line_status <> 'incomplete'
),

terms as (
    select
        subscription_id,
        signed_on,
        current_term_start,
        current_term_end
    from {{ ref('stg_files__subscriptions') }}
),

subscriptions as (
    select
        states.*,
        terms.signed_on,
        terms.current_term_start,
        terms.current_term_end
    from states
    inner join terms
        on states.subscription_id = terms.subscription_id
),

-- What is not known to be worth anything, before or from then on, is no step; a gap names it.
grown as (
    select
        *,
        case
            when lag(version_end) over versions = valid_from
                then arr_local - lag(arr_local_at_end) over versions
            else arr_local
        end as more_arr_local
    from worth
    window versions as (partition by subscription_item_id order by valid_from)
),

dated as (
    select
        grown.*,
        subscriptions.customer_key,
        case
            when
                grown.valid_from < subscriptions.current_term_end
                and grown.valid_from > subscriptions.current_term_start
                and extract(day from grown.valid_from)
                = extract(day from subscriptions.current_term_start)
                and {{ months_between('subscriptions.current_term_start', 'grown.valid_from') }}
                % 12 = 0
                then coalesce(subscriptions.signed_on, subscriptions.current_term_start)
            when
                grown.valid_from > {{ as_of_date() }}
                and grown.valid_from < subscriptions.current_term_end
                then {{ as_of_date() }}
            when grown.valid_from > {{ as_of_date() }} then {{ unknown }}
        end as signed_on
    from grown
    inner join subscriptions
        on
            grown.subscription_id = subscriptions.subscription_id
            and grown.valid_from > subscriptions.started_on
            and coalesce(grown.valid_from < subscriptions.service_end, true)
),

final as (
    select
        subscription_id,
        customer_key,
        currency,
        valid_from as starts_on,
        min(signed_on) as signed_on,
        max_by(product_id, more_arr_local) as product_id,
        max_by(plan_id, more_arr_local) as plan_id,
        cast(sum(more_arr_local) as decimal(28, 4)) as arr_local
    from dated
    where signed_on is not null
    group by
        subscription_id,
        customer_key,
        currency,
        valid_from
    having sum(more_arr_local) > 0
)

select * from final
