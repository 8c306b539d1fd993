-- Grain: one row per subscription of the files source: what its status means, and from when on.
-- A status says what holds today. When it began is said by dates, else by the delivery in which it
-- was new; end_basis and pause_basis say by which (`unknown`: by none).
{{ config(enabled=source_is_on('billing', 'files')) }}
{% set running = "('active', 'past_due', 'non_renewing')" %}
{% set never = "('trialing', 'future', 'draft')" %}

with subscriptions as (
    select
        subscription_id,
        account_id,
        status,
        cast(started_at as date) as started_on,
        current_term_start,
        current_term_end,
        cast(cancel_requested_at as date) as cancel_requested_on,
        cast(ended_at as date) as ended_on,
        paused_from,
        paused_until,
        cast(updated_at as date) as updated_on,
        coalesce(is_trial, false) as is_trial,
        case when gone_on <= {{ as_of_date() }} then gone_on end as gone_on
    from {{ ref('stg_files__subscriptions') }}
),

meanings as (
    select distinct
        {{ folded_word('value') }} as word,
        meaning
    from {{ ref('vocabulary') }}
    where field = 'subscription_status'
),

-- Each delivered status with the one delivered before it; a word nobody knows tells nothing.
told as (
    select
        versions.subscription_id,
        versions.load_id,
        versions.delivered_on,
        meanings.meaning,
        lag(meanings.meaning) over (
            partition by versions.subscription_id order by versions.load_id
        ) as meaning_before
    from {{ ref('stg_files__subscription_versions') }} as versions
    inner join meanings
        on {{ folded_word('versions.status') }} = meanings.word
),

turns as (
    select
        subscription_id,
        max_by(delivered_on, load_id) as turned_on,
        bool_or(meaning_before in {{ running }}) as has_run,
        bool_and(meaning_before in {{ never }}) as has_never_run
    from told
    where meaning <> meaning_before
    group by subscription_id
),

lines as (
    select
        subscription_id,
        case when count(valid_to) = count(*) then max(valid_to) end as lines_end
    from {{ ref('stg_files__subscription_items') }}
    where gone_load_id is null
    group by subscription_id
),

joined as (
    select
        subscriptions.*,
        coalesce(meanings.meaning, 'unknown') as meaning,
        turns.has_run,
        turns.has_never_run,
        -- It was so on this day at the latest.
        least(
            coalesce(subscriptions.updated_on, turns.turned_on),
            coalesce(turns.turned_on, subscriptions.updated_on)
        ) as known_on,
        lines.lines_end,
        greatest(
            subscriptions.started_on,
            case
                when subscriptions.current_term_start <= {{ as_of_date() }}
                    then subscriptions.current_term_start
                else subscriptions.started_on
            end
        ) as ran_until,
        case
            when
                meanings.meaning = 'canceled'
                or subscriptions.current_term_end <= {{ as_of_date() }}
                then subscriptions.current_term_end
        end as term_end_of_canceled
    from subscriptions
    left outer join meanings
        on {{ folded_word('subscriptions.status') }} = meanings.word
    left outer join turns
        on subscriptions.subscription_id = turns.subscription_id
    left outer join lines
        on subscriptions.subscription_id = lines.subscription_id
),

based as (
    select
        *,
        meaning in ('canceled', 'ended', 'unpaid') as is_over,
        case
            when ended_on is not null then 'ended_at'
            when meaning = 'non_renewing' and current_term_end is not null then 'term'
            when meaning = 'non_renewing' and lines_end is not null then 'lines'
            when meaning not in ('canceled', 'ended', 'unpaid') then 'open'
            when term_end_of_canceled is not null then 'term'
            when cancel_requested_on is not null then 'cancel_request'
            when lines_end <= {{ as_of_date() }} then 'lines'
            when known_on is not null then 'first_seen'
            else 'unknown'
        end as end_basis,
        case
            when meaning in {{ never }} and has_run then 'first_seen'
            when
                paused_from <= {{ as_of_date() }}
                or (meaning <> 'paused' and paused_from is not null)
                then 'paused_from'
            when meaning <> 'paused' then 'open'
            when known_on is not null then 'first_seen'
            else 'unknown'
        end as pause_basis
    from joined
),

dated as (
    select
        *,
        coalesce(
            case end_basis
                when 'ended_at' then ended_on
                when 'term' then current_term_end
                when 'cancel_request' then cancel_requested_on
                when 'lines' then lines_end
                when 'first_seen' then known_on
                when 'unknown' then ran_until
            end,
            cast('9999-12-31' as date)
        ) as told_end,
        coalesce(gone_on, cast('9999-12-31' as date)) as gone_end
    from based
),

final as (
    select
        subscription_id,
        account_id,
        status as status_delivered,
        meaning,
        is_trial,
        is_over,
        started_on,
        ended_on,
        current_term_end,
        known_on,
        gone_on,
        case when gone_end < told_end then 'gone' else end_basis end as end_basis,
        nullif(least(told_end, gone_end), cast('9999-12-31' as date)) as service_end,
        case when meaning = 'past_due' then coalesce(known_on, ran_until) end as past_due_from,
        pause_basis,
        case pause_basis
            when 'paused_from' then paused_from
            when 'first_seen' then known_on
            when 'unknown' then started_on
        end as paused_from,
        -- A pause that goes on has not ended yet, whatever its planned end says.
        case
            when meaning <> 'paused' or paused_until > {{ as_of_date() }} then paused_until
        end as paused_until,
        case
            -- It was a trial, or not in force, in every delivery before it was over.
            when is_over and has_never_run then 'incomplete'
            when is_trial then 'trialing'
            when meaning in {{ never }} and has_run then 'active'
            when meaning = 'trialing' then 'trialing'
            when meaning = 'draft' then 'incomplete'
            when meaning = 'future' and started_on <= {{ as_of_date() }} then 'incomplete'
            when meaning in ('past_due', 'unknown') then meaning
            else 'active'
        end as line_status
    from dated
)

select * from final
