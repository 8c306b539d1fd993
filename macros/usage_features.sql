{# The event names that stand for a feature, as one text. #}
{% macro mapped_events(features) -%}
    {%- if execute and existing_table(features) is not none -%}
        {{- run_query(
            "select event_name from " ~ features ~ " order by event_name"
        ).columns[0].values() | join('|') -}}
    {%- endif -%}
{%- endmacro %}


{#
    What feature figures per account rest on besides events and whose they are: the feature map,
    which events are left out.
#}
{% macro feature_rule(features) -%}
    {{- excluded_names(ref('excluded_events'), 'event_name') -}}
    {%- if execute and existing_table(features) is not none -%}
        {{- run_query(
            "select md5(string_agg(event_name || ' ' || feature || ' '"
            ~ " || coalesce(product_id, '') || ' ' || is_key_feature, '|' order by event_name))"
            ~ " from " ~ features
        ).rows[0][0] -}}
    {%- endif -%}
{%- endmacro %}


{#
    The weeks or months that hold days counted anew since the relation was built, or of users who
    belong to another account since: its progress with `periods`, their first days, and `last_day`,
    the last day of the last. All is stale when the rule changed, and where usage is reported per
    day, which has no build numbers.
#}
{% macro stale_feature_periods(relation, user_days, people, period, rule) -%}
    {%- set stale = usage_progress(relation, rule) -%}
    {%- set found = namespace(last_day='') -%}
    {%- set periods = [] -%}
    {%- if has_reported_usage() or relation is none or built_before(people_of(relation)) is none -%}
        {%- do stale.update({'everything': true}) -%}
    {%- elif not stale.everything -%}
        {%- for row in run_query(
            "select distinct cast(cast(" ~ dbt.date_trunc(period, 'usage_date')
            ~ " as date) as varchar), cast(" ~ add_days(
                dbt.dateadd(period, 1, dbt.date_trunc(period, 'usage_date')), -1
            ) ~ " as varchar) from (select usage_date from " ~ user_days
            ~ " where build_no > " ~ stale.also_build_no
            ~ " union all select usage_date from (" ~ moved_user_days(relation, user_days, people)
            ~ ") as moved) as days order by 1"
        ).rows -%}
            {%- do periods.append(row[0]) -%}
            {%- set found.last_day = row[1] -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do stale.update({'periods': periods, 'last_day': found.last_day}) -%}
    {{- return(stale) -}}
{%- endmacro %}


{#
    Filter on a day and the first day of its week or month: the stale ones. The outer bounds come
    first because a scan can skip blocks by them.
#}
{% macro in_stale_periods(stale, day, first_of_period) -%}
    {%- if stale.everything -%}
        true
    {%- elif not stale.periods -%}
        false
    {%- else -%}
        {{ within_days(day, stale.periods[0], stale.last_day) }}
        and {{ first_of_period }} in (
            {%- for first in stale.periods %}
            cast('{{ first }}' as date)
            {{- ',' if not loop.last }}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}


{# Pre-hook: the stored rows of the periods that are counted again. #}
{% macro remove_stale_periods(relation, user_days, people, period, rule) -%}
    {%- if execute and is_incremental() -%}
        {%- set stale = stale_feature_periods(relation, user_days, people, period, rule) -%}
    delete from {{ relation }}
    where {{ in_stale_periods(stale, period, period) }}
    {%- endif -%}
{%- endmacro %}


{#
    CTEs up to `weeks` or `months`: what each account used of each feature in each stale period,
    from the days of each person (int_product_feature_person_days) and who a person is
    (int_product_people).
#}
{% macro feature_periods(person_days, people, stale, period) -%}
with person_days as (
    select
        person_no,
        feature,
        usage_date,
        cast({{ dbt.date_trunc(period, 'usage_date') }} as date) as {{ period }},
        events,
        is_user,
        is_reported
    from {{ person_days }}
),

-- Persons first, by their numbers: counting distinct persons by account takes three times as long.
-- `days` has a bit for each day of the {{ period }}.
persons as (
    select
        person_no,
        feature,
        {{ period }},
        sum(events) as events,
        bit_or(1 << {{ days_between(period, 'usage_date') }}) as days,
        bool_or(is_reported and not is_user) as is_unknown
    from person_days
    where {{ in_stale_periods(stale, 'usage_date', period) }}
    group by
        person_no,
        feature,
        {{ period }}
),

people as (
    select distinct
        person_no,
        account_id,
        user_id
    from {{ people }}
),

{{ period }}s as (
    select
        people.account_id,
        persons.{{ period }},
        persons.feature,
        cast(sum(persons.events) as bigint) as events,
        case when not bool_or(persons.is_unknown) then count(people.user_id) end as active_users,
        cast(bit_count(bit_or(persons.days)) as bigint) as active_days
    from persons
    inner join people
        on persons.person_no = people.person_no
    group by
        people.account_id,
        persons.{{ period }},
        persons.feature
)
{%- endmacro %}

{#
    The CTE `user_days`: events of features per user number, event name and day on which they
    happened, by the day on which they were known. What arrived late moves to the day it arrived.
#}
{% macro feature_user_days_as_known() -%}
user_days as (
    select
        user_no,
        event_name,
        usage_date,
        usage_date as known_on,
        events
    from {{ ref('int_product_feature_user_days') }}
    union all
    select
        user_no,
        event_name,
        usage_date,
        usage_date as known_on,
        -events as events
    from {{ ref('int_product_late_days') }}
    union all
    select
        user_no,
        event_name,
        usage_date,
        known_on,
        events
    from {{ ref('int_product_late_days') }}
)
{%- endmacro %}
