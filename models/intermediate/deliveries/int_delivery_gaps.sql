-- Grain: one row per source system, delivery with a finding and gap: what was delivered too little.
-- Named after the delivery that the finding began with, so that who accepts it accepts that one.
-- What was accepted is said for ten deliveries more: by then it is what is usual.
{% set said = 10 %}
{% set accept = 'If it is meant: csw refresh --accept "name: reason".' %}

with deliveries as (
    select
        source_system,
        source_table,
        loaded_at,
        delivery_id,
        delivery_number,
        max(delivery_number) over (
            partition by source_system, source_table
        ) as newest_number,
        is_vital,
        first_file,
        rows_anew,
        rows_rejected_anew,
        usual_rows,
        rows_since,
        shortfall,
        is_start_of_shortfall and not is_made_up_for as is_short,
        is_start_of_rejects and not is_corrected as is_rejected
    from {{ ref('int_deliveries_judged') }}
),

findings as (
    select
        source_system,
        source_table,
        loaded_at,
        delivery_id,
        delivery_number,
        newest_number,
        is_vital,
        first_file,
        usual_rows,
        rows_since as rows_there,
        shortfall as gap,
        greatest(usual_rows - rows_since, 1) as row_count,
        case when is_vital or shortfall = 'delivery_shrunk' then 'error' else 'warning' end
            as severity
    from deliveries
    where is_short
    union all
    select
        source_system,
        source_table,
        loaded_at,
        delivery_id,
        delivery_number,
        newest_number,
        is_vital,
        first_file,
        usual_rows,
        rows_anew as rows_there,
        'delivery_rejected' as gap,
        rows_rejected_anew as row_count,
        'error' as severity
    from deliveries
    where is_rejected
    union all
    select
        deliveries.source_system,
        deliveries.source_table,
        deliveries.loaded_at,
        deliveries.delivery_id || ' ' || files.file_name as delivery_id,
        deliveries.delivery_number,
        deliveries.newest_number,
        deliveries.is_vital,
        files.file_name as first_file,
        files.usual_rows,
        files.rows_there,
        files.gap,
        files.usual_rows - files.rows_there as row_count,
        case when deliveries.is_vital or files.gap = 'file_shrunk' then 'error' else 'warning' end
            as severity
    from {{ ref('int_delivery_files_short') }} as files
    inner join deliveries
        on
            files.source_system = deliveries.source_system
            and files.source_table = deliveries.source_table
            and files.delivery_number = deliveries.delivery_number
    where not deliveries.is_short
),

-- Of rows that are missing the last finding holds those before.
newest as (
    select *
    from findings
    qualify
        row_number() over (
            partition by
                source_system,
                source_table,
                case when gap in ('file_missing', 'file_shrunk') then first_file end,
                gap = 'delivery_rejected'
            order by delivery_number desc
        ) = 1
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
    from newest
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
                    || ' were usual. Was it cut off?'
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
                    || named.usual_rows || '. Was it cut off?'
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
                then 'Check the export, deliver it whole and refresh again. {{ accept }}'
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
