-- Grain: one row per kind of end in the files source that looks like a last day of service.
-- An end is the first day without. Where most versions of an item, or most subscriptions of an
-- account, begin one day after what they follow ends, the files write the last day with instead.
-- Where ends are read as last days and most overlap by a day, they are first days without.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}
{% set inclusive = var('end_dates') == 'inclusive' %}
{% set off_by = -1 if inclusive else 1 %}
{% set version_gap = dbt.datediff('versions.valid_to', 'versions.next_from', 'day') %}
{% set term_gap = dbt.datediff('states.service_end', 'starts.started_on', 'day') %}

with worth as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        arr
    from {{ ref('int_files_line_worth') }}
),

versions as (
    select
        subscription_item_id,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by subscription_item_id order by valid_from
        ) as next_from
    from {{ ref('int_files_items') }}
),

states as (
    select
        subscription_id,
        account_id,
        started_on,
        service_end
    from {{ ref('int_files_subscription_states') }}
    where end_basis in ('ended_at', 'term', 'lines')
),

starts as (
    select
        subscription_id,
        account_id,
        started_on
    from {{ ref('int_files_subscription_states') }}
),

subscription_arr as (
    select
        subscription_id,
        max_by(arr, valid_from) as arr
    from worth
    group by subscription_id
),

-- What begins later than what ends, and how many days after its end.
followed as (
    select
        'subscription_items' as source_table,
        'valid_to' as column_name,
        versions.subscription_item_id as object_id,
        versions.valid_to as ends_on,
        {{ version_gap }} as days_between,
        worth.arr
    from versions
    inner join worth
        on
            versions.subscription_item_id = worth.subscription_item_id
            and versions.valid_from = worth.valid_from
    union
    select
        'subscriptions' as source_table,
        'ended_at and current_term_end' as column_name,
        states.subscription_id as object_id,
        states.service_end as ends_on,
        {{ term_gap }} as days_between,
        subscription_arr.arr
    from states
    inner join starts
        on
            states.account_id = starts.account_id
            and states.subscription_id <> starts.subscription_id
            and states.started_on < starts.started_on
    left outer join subscription_arr
        on states.subscription_id = subscription_arr.subscription_id
),

counted as (
    select
        source_table,
        column_name,
        count_if(days_between = {{ off_by }}) as off_rows,
        count_if(days_between = 0) as whole_rows,
        min(case when days_between = {{ off_by }} then object_id end) as example,
        min(case when days_between = {{ off_by }} then ends_on end) as since,
        sum(case when days_between = {{ off_by }} then arr else 0 end) as arr
    from followed
    group by
        source_table,
        column_name
),

final as (
    select
        source_table as object_type,
        column_name as object_id,
        {% if inclusive -%}
        'ends_look_exclusive' as gap,
        cast(off_rows as varchar) || ' of ' || cast(off_rows + whole_rows as varchar)
        || ' ends in ' || source_table || ' (' || column_name || ') overlap by one day with what '
        || 'follows (for example ' || example || '): they are first days without service'
            as what_is_missing,
        cast(null as varchar) as account_id,
        off_rows as row_count,
        cast(arr as decimal(18, 2)) as arr_affected,
        since,
        'Take end_dates: inclusive out of mapping.yml, or write the last days' as remedy,
        {%- else -%}
        'ends_look_inclusive' as gap,
        cast(off_rows as varchar) || ' of ' || cast(off_rows + whole_rows as varchar)
        || ' ends in ' || source_table || ' (' || column_name || ') lie one day before what '
        || 'follows begins (for example ' || example || '): they are last days of service'
            as what_is_missing,
        cast(null as varchar) as account_id,
        off_rows as row_count,
        cast(arr as decimal(18, 2)) as arr_affected,
        since,
        'Write end_dates: inclusive in mapping.yml, or deliver the first days without' as remedy,
        {%- endif %}
        'warning' as severity
    from counted
    where off_rows > whole_rows
)

select * from final
