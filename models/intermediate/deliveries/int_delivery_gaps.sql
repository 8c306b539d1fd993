-- Grain: one row per source system, delivery with a finding and gap: what was delivered too little.
-- Named after the delivery that the finding began with, so that who accepts it accepts that one.
-- What was accepted is said for ten deliveries more: by then it is what is usual.
{% set said = 10 %}
{% set accept = 'If it is meant, accept it.' %}

with findings as (
    select
        source_system,
        source_table,
        loaded_at,
        delivery_id,
        delivery_number,
        newest_number,
        first_file,
        usual_rows,
        rows_there,
        gap,
        row_count,
        severity
    from {{ ref('int_delivery_findings') }}
),

accepted as (
    select
        source_system,
        object_id,
        gap
    from {{ ref('int_ledger_accepted_gaps') }}
    where object_type = 'delivery'
),

named as (
    select
        *,
        source_table || ' of ' || source_system as table_name,
        delivery_id as object_id,
        coalesce(' (file ' || first_file || ')', '') as file_name
    from findings
),

gaps as (
    select
        named.source_system,
        'delivery' as object_type,
        named.object_id,
        named.gap,
        case named.gap
            when 'delivery_missing'
                then
                    'Table ' || named.table_name || ' is missing since the load of '
                    || cast(cast(named.loaded_at as date) as varchar)
                    || ': every delivery before had it (' || named.usual_rows || ' rows).'
            when 'delivery_empty'
                then
                    'Table ' || named.table_name || named.file_name || ' has no rows since the '
                    || 'load of ' || cast(cast(named.loaded_at as date) as varchar)
                    || '; it had ' || named.usual_rows || '.'
            when 'delivery_shrunk'
                then
                    'Table ' || named.table_name || named.file_name || ' has shrunk to '
                    || named.rows_there || ' rows since the load of '
                    || cast(cast(named.loaded_at as date) as varchar) || '; ' || named.usual_rows
                    || ' were usual.'
            when 'file_missing'
                then
                    'File ' || named.first_file || ' of table ' || named.table_name
                    || ' is missing since the load of '
                    || cast(cast(named.loaded_at as date) as varchar)
                    || ': every delivery before had it (' || named.usual_rows || ' rows).'
            when 'file_shrunk'
                then
                    'File ' || named.first_file || ' of table ' || named.table_name
                    || ' has shrunk to ' || named.rows_there || ' rows since the load of '
                    || cast(cast(named.loaded_at as date) as varchar) || '; it had '
                    || named.usual_rows || '.'
            else
                'Of ' || named.rows_there || ' rows for table ' || named.table_name
                || named.file_name || ', loaded on '
                || cast(cast(named.loaded_at as date) as varchar) || ', '
                || named.row_count || ' were rejected.'
        end as what_is_missing,
        named.row_count,
        cast(named.loaded_at as date) as since,
        case
            when named.gap = 'delivery_rejected'
                then
                    'See the reasons in csw messages and raw_' || named.source_system
                    || '.rejects, correct the export and refresh again. {{ accept }}'
            when named.severity = 'error'
                then
                    'See whether the export was cut off, deliver it whole and refresh again. '
                    || '{{ accept }}'
            else 'Check the export. What was loaded of it before stays as it was.'
        end as remedy,
        named.severity
    from named
    left outer join accepted
        on
            named.source_system = accepted.source_system
            and named.object_id = accepted.object_id
            and named.gap = accepted.gap
    where
        named.newest_number - named.delivery_number < {{ said }}
        or (named.severity = 'error' and accepted.object_id is null)
),

final as (
    select
        cast(source_system as varchar) as source_system,
        cast(object_type as varchar) as object_type,
        cast(object_id as varchar) as object_id,
        cast(gap as varchar) as gap,
        cast(what_is_missing as varchar) as what_is_missing,
        cast(null as varchar) as account_id,
        cast(row_count as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        since,
        cast(remedy as varchar) as remedy,
        cast(severity as varchar) as severity
    from gaps
)

select * from final
