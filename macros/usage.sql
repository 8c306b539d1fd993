{# The start of a day, `days` after `day`, as a timestamp. #}
{% macro day_start(day, days=0) -%}
    cast({{ dbt.dateadd('day', days, day) }} as timestamp)
{%- endmacro %}


{# A day `days` after `day`, as a date: adding an interval makes a timestamp on some adapters. #}
{% macro add_days(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}


{# A relation that was built before and is not being built anew in this run; none otherwise. #}
{% macro built_before(relation) -%}
    {%- if not execute or flags.FULL_REFRESH -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set found = adapter.get_relation(
        database=relation.database, schema=relation.schema, identifier=relation.identifier
    ) -%}
    {{- return(found if found is not none and found.is_table else none) -}}
{%- endmacro %}


{#
    Which days an incremental model of events has to build again. New is what a later load
    brought, what was received after the model's last as-of date, and what had not happened by
    then. A repeat may lie on a neighbouring day, so each touched day takes the days within
    usage_lookback_days with it.

    Returns a dict: `everything`, or `ranges` of days [[first, last], …]; `loaded_through`, the
    newest load per source system; `build_no`, the number of this build; `fingerprint`: a text
    that, when it differs from the stored one, makes every day stale.
#}
{% macro stale_usage_days(relation, events, rule='') -%}
    {%- set fingerprint = local_md5(rule ~ ' ' ~ var('usage_lookback_days')) -%}
    {%- set built = built_before(relation) if is_incremental() else none -%}
    {%- set seen = [] -%}
    {%- if built is not none -%}
        {%- set seen = run_query(
            "select source_system, max(loaded_through), cast(max(changed_on) as varchar),"
            ~ " min(fingerprint), max(fingerprint) from " ~ built ~ " group by source_system"
        ).rows -%}
    {%- endif -%}
    {%- set found = namespace(everything=seen | length == 0, last_on='', loads={}) -%}
    {%- for row in seen -%}
        {%- do found.loads.update({row[0]: row[1]}) -%}
        {%- set found.last_on = [found.last_on, row[2]] | max -%}
        {%- if row[3] != fingerprint or row[4] != fingerprint -%}
            {%- set found.everything = true -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if found.last_on > as_of_day() -%}
        {%- set found.everything = true -%}
    {%- endif -%}
    {{- return({
        'fingerprint': fingerprint,
        'build_no': _last_build_no(relation) + 1,
        'everything': found.everything,
        'ranges': [] if found.everything
            else _touched_ranges(events, found.last_on, found.loads),
        'loaded_through': _loaded_through(events, {} if found.everything else found.loads),
    }) -}}
{%- endmacro %}


{# The number of the last build of the relation, kept over a full refresh; 0 before the first. #}
{% macro _last_build_no(relation) -%}
    {%- set found = adapter.get_relation(
        database=relation.database, schema=relation.schema, identifier=relation.identifier
    ) if execute else none -%}
    {%- set columns = adapter.get_columns_in_relation(found) if found is not none else [] -%}
    {%- if 'build_no' not in columns | map(attribute='name') -%}
        {{- return(0) -}}
    {%- endif -%}
    {{- return(run_query("select coalesce(max(build_no), 0) from " ~ found).rows[0][0] | int) -}}
{%- endmacro %}


{# Newest load per source system; only loads after the ones known are looked at. #}
{% macro _loaded_through(events, known) -%}
    {%- set newest = {} -%}
    {%- if execute -%}
        {%- do newest.update(known) -%}
        {%- set query -%}
            select
                source_system,
                max(load_id)
            from {{ events }}
            where {{ _is_later_load(known) }}
            group by source_system
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do newest.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(newest) -}}
{%- endmacro %}


{% macro _is_later_load(known) -%}
    {%- if not known -%}
        true
    {%- else -%}
        load_id > '{{ known.values() | min }}'
        and (
            {%- for system, load in known.items() %}
            (source_system = '{{ system }}' and load_id > '{{ load }}') or
            {%- endfor %}
            source_system not in ('{{ known.keys() | join("', '") }}')
        )
    {%- endif -%}
{%- endmacro %}


{# Days with new events, each widened by the look-back, merged into ranges; none after as-of. #}
{% macro _touched_ranges(events, last_on, known) -%}
    {%- set query -%}
        select distinct cast(cast(occurred_at as date) as varchar) as day
        from {{ events }}
        where {{ _is_later_load(known) }}
        union
        select distinct cast(cast(occurred_at as date) as varchar) as day
        from {{ events }}
        where received_at >= {{ day_start("cast('" ~ last_on ~ "' as date)", 1) }}
        union
        select distinct cast(cast(occurred_at as date) as varchar) as day
        from {{ events }}
        where occurred_at >= {{ day_start("cast('" ~ last_on ~ "' as date)", 1) }}
    {%- endset -%}
    {%- set reach = modules.datetime.timedelta(days=var('usage_lookback_days') | int) -%}
    {%- set one_day = modules.datetime.timedelta(days=1) -%}
    {%- set as_of = modules.datetime.date.fromisoformat(as_of_day()) -%}
    {%- set ranges = [] -%}
    {%- for day in run_query(query).columns[0].values() | sort -%}
        {%- set touched = modules.datetime.date.fromisoformat(day) -%}
        {%- set first, last = touched - reach, [touched + reach, as_of] | min -%}
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
    Filter on a timestamp: the stale days, widened by `reach` days on both sides. The outer bounds
    come first because a scan can skip blocks by them, not by a list of ranges.
#}
{% macro in_stale_days(column, stale, reach=0) -%}
    {%- if stale.everything -%}
        true
    {%- elif not stale.ranges -%}
        false
    {%- else -%}
        {{ column }} >= {{ day_start("cast('" ~ stale.ranges[0][0] ~ "' as date)", -reach) }}
        and {{ column }} < {{ day_start("cast('" ~ stale.ranges[-1][1] ~ "' as date)", reach + 1) }}
        {%- if stale.ranges | length > 1 %}
        and (
            {%- for first, last in stale.ranges %}
            {{ 'or ' if not loop.first }}(
                {{ column }} >= {{ day_start("cast('" ~ first ~ "' as date)", -reach) }}
                and {{ column }} < {{ day_start("cast('" ~ last ~ "' as date)", reach + 1) }}
            )
            {%- endfor %}
        )
        {%- endif %}
    {%- endif -%}
{%- endmacro %}


{# The bookkeeping columns that stale_usage_days() reads in the next run. #}
{% macro usage_bookkeeping(stale) -%}
    cast('{{ stale.fingerprint }}' as varchar) as fingerprint,
    cast({{ stale.build_no }} as integer) as build_no,
    {{ as_of_date() }} as changed_on,
    {%- if stale.loaded_through %}
    case source_system
        {%- for system, load in stale.loaded_through.items() %}
        when '{{ system }}' then '{{ load }}'
        {%- endfor %}
    end as loaded_through
    {%- else %}
    cast(null as varchar) as loaded_through
    {%- endif %}
{%- endmacro %}


{#
    Incremental strategy `replace_changed`: the model gives all rows of the stale days; only those
    that differ from what is stored are written, so that `changed_on` marks real changes and the
    table does not fill with deleted blocks. Rows of a key never vanish (raw rows are never
    deleted), except when everything is built again.
#}
{% macro get_incremental_replace_changed_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set source = arg_dict['temp_relation'] -%}
    {%- set keys = arg_dict['unique_key'] -%}
    {%- set bookkeeping = ['fingerprint', 'build_no', 'changed_on', 'loaded_through'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set measures = columns | reject('in', keys) | reject('in', bookkeeping) | list -%}
    {%- set column_list = columns | join(', ') -%}
    {%- set stored = run_query(
        "select max(fingerprint), cast(max(changed_on) as varchar) from " ~ target
    ).rows[0] -%}
    {%- set given = run_query("select max(fingerprint) from " ~ source).rows[0] -%}

    {%- if stored[1] is none or stored[1] > as_of_day()
        or (given[0] is not none and given[0] != stored[0]) %}
    delete from {{ target }};

    insert into {{ target }} ({{ column_list }})
    select {{ column_list }}
    from {{ source }}
    {%- else %}
    delete from {{ target }} as stored
    using {{ source }} as given
    where
        {%- for key in keys %}
        {{ 'and ' if not loop.first }}stored.{{ key }} is not distinct from given.{{ key }}
        {%- endfor %}
        and (
            {%- for measure in measures %}
            {{ 'or ' if not loop.first -}}
            stored.{{ measure }} is distinct from given.{{ measure }}
            {%- endfor %}
        );

    insert into {{ target }} ({{ column_list }})
    select {{ column_list }}
    from {{ source }} as given
    where
        not exists (
            select 1
            from {{ target }} as stored
            where
                {%- for key in keys %}
                {{ 'and ' if not loop.first -}}
                stored.{{ key }} is not distinct from given.{{ key }}
                {%- endfor %}
        )
    {%- endif %}
{%- endmacro %}


{#
    Incremental strategy `replace_from`: the model gives, per value of the first key, all rows from
    some day (the second key) on; stored rows from that day on are replaced. Where the fingerprint
    of the inputs differs, all stored rows are: the model then gives the whole history.
#}
{% macro get_incremental_replace_from_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set source = arg_dict['temp_relation'] -%}
    {%- set entity, day = arg_dict['unique_key'] -%}
    {%- set column_list = arg_dict['dest_columns'] | map(attribute='name') | join(', ') -%}

    delete from {{ target }} as stored
    using (
        select
            {{ entity }},
            min({{ day }}) as first_day,
            min(inputs_fingerprint) as inputs_fingerprint
        from {{ source }}
        group by {{ entity }}
    ) as given
    where
        stored.{{ entity }} = given.{{ entity }}
        and (
            stored.{{ day }} >= given.first_day
            or stored.inputs_fingerprint <> given.inputs_fingerprint
        );

    insert into {{ target }} ({{ column_list }})
    select {{ column_list }}
    from {{ source }}
{%- endmacro %}


{#
    CTEs `repeated_ids`, `candidates` and `repeats`: the deliveries to take off again because the
    same event was delivered before on a day within usage_lookback_days. The first delivery
    counts; of canonical files the version loaded last, because there a repeat is a correction.
    Only ids that occur twice are looked at closely. `condition` limits what is read.
#}
{% macro repeated_delivery_ctes(events, condition) -%}
repeated_ids as (
    select
        source_system,
        event_id
    from {{ events }}
    where {{ condition }}
    group by
        source_system,
        event_id
    having count(*) > 1
),

candidates as (
    select
        deliveries.source_system,
        deliveries.event_id,
        deliveries.account_key,
        deliveries.user_id,
        deliveries.event_name,
        cast(deliveries.occurred_at as date) as usage_date,
        row_number() over (
            partition by
                deliveries.source_system,
                deliveries.event_id
            order by
                case when deliveries.source_system = 'files' then deliveries.load_id end desc,
                deliveries.received_at asc,
                deliveries.occurred_at asc,
                deliveries.account_key asc,
                deliveries.user_id asc,
                deliveries.event_name asc
        ) as preference
    from {{ events }} as deliveries
    inner join repeated_ids
        on
            deliveries.source_system = repeated_ids.source_system
            and deliveries.event_id = repeated_ids.event_id
    where {{ condition }}
),

repeats as (
    select
        candidates.source_system,
        candidates.account_key,
        candidates.user_id,
        candidates.event_name,
        candidates.usage_date
    from candidates
    where
        exists (
            select 1
            from candidates as preferred
            where
                preferred.source_system = candidates.source_system
                and preferred.event_id = candidates.event_id
                and preferred.preference < candidates.preference
                and abs({{ dbt.datediff('preferred.usage_date', 'candidates.usage_date', 'day') }})
                <= {{ var('usage_lookback_days') }}
        )
)
{%- endmacro %}


{# A fingerprint of the tracked event names. #}
{% macro tracked_events_fingerprint(relation) -%}
    {%- if not execute -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set names = run_query("select event_name from " ~ relation ~ " order by event_name") -%}
    {{- return(local_md5(names.columns[0].values() | join('|'))) -}}
{%- endmacro %}


{# fct_account_usage_day as a relation. Not a ref: the models it is built from ask what it holds. #}
{% macro usage_fact() -%}
    {{- return(api.Relation.create(
        database=target.database,
        schema=generate_schema_name('facts', none),
        identifier='fct_account_usage_day'
    )) -}}
{%- endmacro %}


{#
    What the fact has behind it: `last_on`, its newest day as a date literal (every account has a
    row for it), and `build_no`, the last build of int_product_user_days that went into it. None
    when the fact is to be built as a whole: it is new, empty, reaches past the as-of date, or its
    progress is lost.
#}
{% macro usage_fact_progress(fact) -%}
    {%- set progress = built_before(usage_progress()) -%}
    {%- if fact is none or progress is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set last_on = run_query("select cast(max(usage_date) as varchar) from " ~ fact) -%}
    {%- set build_no = run_query("select max(build_no) from " ~ progress).rows[0][0] -%}
    {%- set last_on = last_on.rows[0][0] -%}
    {%- if last_on is none or last_on > as_of_day() or build_no is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return({'last_on': "cast('" ~ last_on ~ "' as date)", 'build_no': build_no}) -}}
{%- endmacro %}


{# Where the fact notes its progress, beside it and in the same transaction. #}
{% macro usage_progress() -%}
    {{- return(usage_fact().incorporate(path={'identifier': 'fct_account_usage_day__progress'})) -}}
{%- endmacro %}


{# Post-hook of the fact. #}
{% macro note_usage_progress(user_days) -%}
    create or replace table {{ usage_progress() }} as
    select max(build_no) as build_no
    from {{ user_days }}
{%- endmacro %}


{# Accounts built from this day on, the usual case, are read without touching older days. #}
{% macro recent_usage_from() -%}
    {{ add_days(as_of_date(), -28) }}
{%- endmacro %}


{# Pre-hook of the fact: rows of accounts that lost all their usage to another account. #}
{% macro remove_accounts_without_usage(fact, inputs) -%}
    {%- if is_incremental() -%}
    delete from {{ fact }}
    where account_id not in (select account_id from {{ inputs }})
    {%- endif -%}
{%- endmacro %}
