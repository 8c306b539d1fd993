-- Grain: one row per account whose usage figures are built again, and the day to start from.
-- Compiled into fct_account_usage_day and asks what that table holds: an account starts over when
-- its inputs changed, else at its earliest day with new events or with events that are another
-- account's than before (a key was mapped, a user's group became known, a user is excluded), else
-- at the first missing day.
-- Events are read from 27 days earlier, the rest of the first window.
-- depends_on: {{ ref('int_product_people') }}
-- depends_on: {{ ref('int_product_moved_accounts') }}
-- depends_on: {{ ref('int_product_user_days') }}
{{ config(materialized='ephemeral') }}
{%- set fact = built_before(usage_fact()) %}
{%- set progress = usage_fact_progress(fact) %}

with accounts as (
    select
        account_id,
        account_no,
        first_usage_date,
        inputs_fingerprint
    from {{ ref('int_product_account_inputs') }}
),

{% if progress is not none -%}
stored as (
    select
        account_id,
        inputs_fingerprint
    from {{ fact }}
    where usage_date = {{ progress.last_on }}
),

changed_days as (
    select
        user_no,
        min(usage_date) as usage_date
    from {{ ref('int_product_user_days') }}
    where build_no > {{ progress.build_no }}
    group by user_no
),

-- The first changed day of a number may be another account's: then this one starts too early.
given as (
    select
        people.account_id,
        greatest(changed_days.usage_date, people.valid_from) as usage_date
    from changed_days
    inner join {{ ref('int_product_people') }} as people
        on
            changed_days.user_no = people.user_no
            and changed_days.usage_date < people.valid_to
    union all
    select
        account_id,
        usage_date
    from {{ ref('int_product_moved_accounts') }}
),

changed as (
    select
        account_id,
        min(usage_date) as usage_date
    from given
    group by account_id
),

starts as (
    select
        accounts.account_id,
        accounts.account_no,
        accounts.first_usage_date,
        case
            when coalesce(stored.inputs_fingerprint, '') <> accounts.inputs_fingerprint
                then accounts.first_usage_date
            else
                least(
                    coalesce(changed.usage_date, {{ add_days(progress.last_on, 1) }}),
                    {{ add_days(progress.last_on, 1) }}
                )
        end as build_from
    from accounts
    left outer join stored
        on accounts.account_id = stored.account_id
    left outer join changed
        on accounts.account_id = changed.account_id
),

{% else -%}
starts as (
    select
        account_id,
        account_no,
        first_usage_date,
        first_usage_date as build_from
    from accounts
),

{% endif -%}
final as (
    select
        account_id,
        account_no,
        build_from,
        greatest({{ add_days('build_from', -27) }}, first_usage_date) as read_from,
        build_from < {{ recent_usage_from() }} as is_deep
    from starts
    where build_from <= {{ as_of_date() }}
)

select * from final
