{# The start of a day, `days` after `day`, as a timestamp. #}
{% macro day_start(day, days=0) -%}
    cast({{ dbt.dateadd('day', days, day) }} as timestamp)
{%- endmacro %}


{# A day `days` after `day`, as a date: adding an interval makes a timestamp on some adapters. #}
{% macro add_days(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}


{# A 64-bit hash to group long ids by. Equal ids have equal hashes; the reverse has to be checked. #}
{% macro id_hash(column) -%}
    {{ adapter.dispatch('id_hash', 'customer_success')(column) }}
{%- endmacro %}

{% macro default__id_hash(column) -%}
    xxhash64({{ column }})
{%- endmacro %}

{% macro duckdb__id_hash(column) -%}
    hash({{ column }})
{%- endmacro %}


{# A relation that was built before and is not being built anew in this run; none otherwise. #}
{% macro built_before(relation) -%}
    {%- if not execute or flags.FULL_REFRESH -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return(existing_table(relation)) -}}
{%- endmacro %}


{# The relation if it is a table there already; none otherwise, and while nothing is executed. #}
{% macro existing_table(relation) -%}
    {{- return(relation if exists_already(relation, 'table') else none) -}}
{%- endmacro %}


{% macro exists_already(relation, type=none) -%}
    {%- set found = adapter.get_relation(
        database=relation.database, schema=relation.schema, identifier=relation.identifier
    ) if execute else none -%}
    {{- return(found is not none and (type is none or found.type == type)) -}}
{%- endmacro %}


{# Beside each incremental usage model: what went into it. Written in the model's transaction. #}
{% macro progress_of(relation) -%}
    {{- return(relation.incorporate(path={'identifier': relation.identifier ~ '__progress'})) -}}
{%- endmacro %}


{#
    What an incremental model of events has behind it, as a dict.
    `everything`: true when all days are to be counted: the model or its progress is missing, its
        rule changed (`rule` is any text that the result depends on), or the as-of date went back.
    `last_on`, `loads`, `also_build_no`: else the last as-of date, the newest load per source
        system, and the last build of another relation that went into it.
    `build_no`: the number of this build. `rule`: the rule, hashed.
#}
{% macro usage_progress(relation, rule='') -%}
    {%- set rule = local_md5(rule ~ ' ' ~ var('usage_lookback_days')) -%}
    {%- set progress = built_before(progress_of(relation)) if is_incremental() else none -%}
    {%- set seen = [] -%}
    {%- if progress is not none and existing_table(relation) is not none -%}
        {%- set seen = run_query(
            "select source_system, loaded_through, cast(as_of_date as varchar), rule, also_build_no"
            ~ " from " ~ progress
        ).rows -%}
    {%- endif -%}
    {%- set found = namespace(everything=seen | length == 0, last_on='', also_build_no=0) -%}
    {%- set loads = {} -%}
    {%- for row in seen -%}
        {%- do loads.update({row[0]: row[1]}) -%}
        {%- set found.last_on = row[2] -%}
        {%- set found.also_build_no = row[4] -%}
        {%- if row[3] != rule or row[2] > as_of_day() -%}
            {%- set found.everything = true -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return({
        'everything': found.everything,
        'last_on': found.last_on,
        'loads': loads,
        'also_build_no': found.also_build_no,
        'build_no': last_build_no(relation) + 1,
        'rule': rule,
    }) -}}
{%- endmacro %}


{#
    Which days an incremental model of events has to count again: its progress (see above) with
    `ranges`, a list of [first, last]. They are the days on which newly known events happened:
    brought by a later load, received after the last as-of date, or not yet happened then.
    `reach` takes that many days on both sides with them; `also` is a relation whose changed days
    count too. Empty when everything is stale.
#}
{% macro stale_usage_days(relation, events, rule='', reach=0, also=none) -%}
    {%- set stale = usage_progress(relation, rule) -%}
    {%- set days = [] -%}
    {%- if not stale.everything -%}
        {%- set days = _newly_known_days(events, stale.last_on, stale.loads) -%}
        {%- if also is not none -%}
            {%- set days = days + run_query(
                "select distinct cast(usage_date as varchar) from " ~ also
                ~ " where build_no > " ~ stale.also_build_no
            ).columns[0].values() | list -%}
        {%- endif -%}
    {%- endif -%}
    {%- do stale.update({'ranges': _ranges_around(days, reach)}) -%}
    {{- return(stale) -}}
{%- endmacro %}


{#
    The number of the last build of a relation, kept over a full refresh; 0 before the first. A
    unit test has no relation.
#}
{% macro last_build_no(relation) -%}
    {%- set progress = existing_table(progress_of(relation)) if relation is not none else none -%}
    {%- if progress is none -%}
        {{- return(0) -}}
    {%- endif -%}
    {{- return(run_query("select coalesce(max(build_no), 0) from " ~ progress).rows[0][0] | int) -}}
{%- endmacro %}


{# Days on which events happened that a build with this progress could not know. #}
{% macro _newly_known_days(events, last_on, loads) -%}
    {%- set next_day = day_start("cast('" ~ last_on ~ "' as date)", 1) -%}
    {%- set query -%}
        select distinct cast(cast(occurred_at as date) as varchar) as day
        from {{ events }}
        where {{ _is_later_load(loads) }}
        union
        select distinct cast(cast(occurred_at as date) as varchar) as day
        from {{ events }}
        where received_at >= {{ next_day }}
        union
        select distinct cast(cast(occurred_at as date) as varchar) as day
        from {{ events }}
        where occurred_at >= {{ next_day }}
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | list) -}}
{%- endmacro %}


{# The first bound is one that a scan can skip blocks by; loads are known per source system. #}
{% macro _is_later_load(loads) -%}
    load_id > '{{ loads.values() | min }}'
    and (
        {%- for system, load in loads.items() %}
        (source_system = '{{ system }}' and load_id > '{{ load }}') or
        {%- endfor %}
        source_system not in ('{{ loads.keys() | join("', '") }}')
    )
{%- endmacro %}


{# Days, each with `reach` days on both sides, merged into ranges; none after the as-of date. #}
{% macro _ranges_around(days, reach) -%}
    {%- set margin = modules.datetime.timedelta(days=reach) -%}
    {%- set one_day = modules.datetime.timedelta(days=1) -%}
    {%- set as_of = modules.datetime.date.fromisoformat(as_of_day()) -%}
    {%- set ranges = [] -%}
    {%- for day in days | unique | sort -%}
        {%- set touched = modules.datetime.date.fromisoformat(day) -%}
        {%- set first, last = touched - margin, [touched + margin, as_of] | min -%}
        {%- if ranges and first <= ranges[-1][1] + one_day -%}
            {%- set earlier = ranges.pop() -%}
            {%- do ranges.append([earlier[0], [earlier[1], last] | max]) -%}
        {%- else -%}
            {%- do ranges.append([first, last]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(ranges) -}}
{%- endmacro %}


{#
    Filter on a timestamp or date: the stale days. The outer bounds come first because a scan can
    skip blocks by them, not by a list of ranges.
#}
{% macro in_stale_days(column, stale) -%}
    {%- if stale.everything -%}
        true
    {%- elif not stale.ranges -%}
        false
    {%- else -%}
        {{ within_days(column, stale.ranges[0][0], stale.ranges[-1][1]) }}
        {%- if stale.ranges | length > 1 %}
        and (
            {%- for first, last in stale.ranges %}
            {{ 'or ' if not loop.first }}({{ within_days(column, first, last) }})
            {%- endfor %}
        )
        {%- endif %}
    {%- endif -%}
{%- endmacro %}


{# True from the start of day `first` less `reach` to the end of day `last` plus `reach`. #}
{% macro within_days(column, first, last, reach=0) -%}
    {{ column }} >= {{ day_start("cast('" ~ first ~ "' as date)", -reach) }}
    and {{ column }} < {{ day_start("cast('" ~ last ~ "' as date)", reach + 1) }}
{%- endmacro %}


{#
    The stale days as stretches of at most `length` days, each a dict like `stale`: grouping stretch
    by stretch keeps each hash table small, which is faster than one for all of history, and each
    stretch gives the scan bounds to skip blocks by. More than `few` ranges share stretches, since
    each takes memory of its own: late events of hundreds of days would take all. At least one, if
    an empty one.
#}
{% macro stale_stretches(stale, events, length=122, few=12) -%}
    {%- set ranges = stale.ranges -%}
    {%- if stale.everything and exists_already(events) -%}
        {%- set bounds = run_query(
            "select cast(cast(min(occurred_at) as date) as varchar),"
            ~ " cast(cast(max(occurred_at) as date) as varchar) from " ~ events
        ).rows[0] -%}
        {%- set ranges = [] if bounds[0] is none else [[
            modules.datetime.date.fromisoformat(bounds[0]),
            modules.datetime.date.fromisoformat(bounds[1]),
        ]] -%}
    {%- endif -%}
    {%- set longest = modules.datetime.timedelta(days=length - 1) -%}
    {%- set are_many = ranges | length > few -%}
    {%- set stretches = [] -%}
    {%- for first, last in ranges -%}
        {%- for start in range(0, (last - first).days + 1, length) -%}
            {%- set from_day = first + modules.datetime.timedelta(days=start) -%}
            {%- set to_day = [from_day + longest, last] | min -%}
            {%- if are_many and stretches and to_day <= stretches[-1][0][0] + longest -%}
                {%- do stretches[-1].append([from_day, to_day]) -%}
            {%- else -%}
                {%- do stretches.append([[from_day, to_day]]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set found = [] -%}
    {%- for parts in stretches or [[['2000-01-02', '2000-01-01']]] -%}
        {%- do found.append({'everything': false, 'ranges': parts}) -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}


{#
    Post-hook of an incremental usage model: notes what went into it. One row per source system
    with the newest load; only loads after the noted ones are looked at.
#}
{% macro note_progress(relation, events, rule='', also=none) -%}
    {%- set progress = progress_of(relation) -%}
    {%- set noted = built_before(progress) -%}
    {%- set loads = {} -%}
    {%- if noted is not none -%}
        {%- for row in run_query(
            "select source_system, loaded_through from " ~ noted
        ).rows -%}
            {%- do loads.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if execute %}
    create or replace table {{ progress }} as
    with loads as (
        select
            source_system,
            max(load_id) as loaded_through
        from {{ events }}
        {%- if loads %}
        where {{ _is_later_load(loads) }}
        {%- endif %}
        group by source_system
        {%- for system, load in loads.items() %}
        union all
        select
            '{{ system }}' as source_system,
            '{{ load }}' as loaded_through
        {%- endfor %}
    )

    select
        source_system,
        max(loaded_through) as loaded_through,
        {{ as_of_date() }} as as_of_date,
        '{{ local_md5(rule ~ ' ' ~ var('usage_lookback_days')) }}' as rule,
        {{ last_build_no(relation) + 1 }} as build_no,
        {{ last_build_no(also) if also is not none else 0 }} as also_build_no
    from loads
    group by source_system
    {%- endif %}
{%- endmacro %}


{# Beside a fact of usage: whose each user number was when the fact was built. #}
{% macro people_of(relation) -%}
    {{- return(relation.incorporate(path={'identifier': relation.identifier ~ '__people'})) -}}
{%- endmacro %}


{# Post-hook of a fact of usage: notes whose the user numbers are. #}
{% macro note_people(relation, people) -%}
    {%- if execute %}
    create or replace table {{ people_of(relation) }} as
    select
        user_no,
        account_id,
        valid_from,
        valid_to
    from {{ people }}
    {%- endif %}
{%- endmacro %}


{#
    Days of usage that count for another account than when the relation was built, or for none any
    more: user_no, usage_date, account_before, account_now. Counts are kept by user number, so none
    of them changes when it becomes known whose they are; only these days do. New numbers are among
    them.
#}
{% macro moved_user_days(relation, user_days, people) -%}
    {%- set columns = 'user_no, account_id, valid_from, valid_to' -%}
    select
        days.user_no,
        days.usage_date,
        before.account_id as account_before,
        people.account_id as account_now
    from {{ user_days }} as days
    inner join (
        select user_no
        from (
            (select {{ columns }} from {{ people_of(relation) }}
            except
            select {{ columns }} from {{ people }})
            union all
            (select {{ columns }} from {{ people }}
            except
            select {{ columns }} from {{ people_of(relation) }})
        ) as differences
        group by user_no
    ) as moved
        on days.user_no = moved.user_no
    left outer join {{ people_of(relation) }} as before
        on
            days.user_no = before.user_no
            and days.usage_date >= before.valid_from
            and days.usage_date < before.valid_to
    left outer join {{ people }} as people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    where
        days.events > 0
        and before.account_id is distinct from people.account_id
{%- endmacro %}
