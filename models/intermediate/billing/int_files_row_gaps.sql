-- Grain: one row per thing that the deliveries of contracts in files leave open.
-- Rows that were rejected (what was known before goes on), whole deliveries that have shrunk, and
-- percentages that look like shares.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}

with rejects as (
    select
        source_table,
        source_file,
        source_line,
        reason,
        row_key
    from {{ ref('stg_files__rejects') }}
    where source_table in ('subscriptions', 'subscription_items')
),

deliveries as (
    select
        source_table,
        load_id,
        delivered_on,
        rows_there,
        rows_gone
    from {{ ref('stg_files__deliveries') }}
    where source_table in ('accounts', 'subscriptions', 'subscription_items')
    qualify row_number() over (partition by source_table order by load_id desc) = 1
),

subscriptions as (
    select
        subscription_id,
        account_id,
        arr
    from {{ ref('int_files_weighed_states') }}
),

items as (
    select
        count_if(discount_percent > 0) as discounts,
        max(discount_percent) as greatest_percent,
        min(case when discount_percent > 0 then valid_from end) as since
    from {{ ref('int_files_items') }}
),

-- A row whose key cannot be read, or has come twice, is told of by the load alone.
rejected as (
    select
        case rejects.source_table
            when 'subscriptions' then 'subscription'
            else 'subscription_item'
        end as object_type,
        rejects.row_key as object_id,
        'row_rejected' as gap,
        'A row of ' || rejects.source_table || ' was rejected (' || rejects.source_file || ', line '
        || cast(rejects.source_line as varchar) || '): ' || rejects.reason as what_is_missing,
        subscriptions.account_id,
        cast(1 as bigint) as row_count,
        cast(subscriptions.arr as decimal(18, 2)) as arr_affected,
        deliveries.delivered_on as since,
        'Correct the row and deliver it again; until then what was delivered before counts'
            as remedy,
        'error' as severity
    from rejects
    inner join deliveries
        on rejects.source_table = deliveries.source_table
    left outer join subscriptions
        on
            rejects.source_table = 'subscriptions'
            and rejects.row_key = subscriptions.subscription_id
    where rejects.row_key is not null
),

shrunk as (
    select
        'delivery' as object_type,
        source_table as object_id,
        'delivery_shrunk' as gap,
        'The delivery of ' || cast(delivered_on as varchar) || ' has lost '
        || cast(rows_gone as varchar) || ' of ' || cast(rows_gone + rows_there as varchar)
        || ' rows of ' || source_table || ': they count as ended' as what_is_missing,
        cast(null as varchar) as account_id,
        rows_gone as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        delivered_on as since,
        'Check the export. Deliver it again if it was cut off; if files are not whole, write '
        || 'delivery: {' || source_table || ': increment} in mapping.yml' as remedy,
        'error' as severity
    from deliveries
    where
        rows_gone >= 10
        and rows_gone * 5 > rows_gone + rows_there
),

shares as (
    select
        'subscription_items' as object_type,
        'discount_percent' as object_id,
        'percent_looks_like_share' as gap,
        'No discount_percent is above 1 (the greatest is ' || cast(greatest_percent as varchar)
        || '): 10 is ten percent' as what_is_missing,
        cast(null as varchar) as account_id,
        discounts as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        since,
        'Deliver percentages, or multiply by 100 in mapping.yml' as remedy,
        'warning' as severity
    from items
    where discounts > 0 and greatest_percent <= 1
),

final as (
    select *
    from rejected
    union all
    select *
    from shrunk
    union all
    select *
    from shares
)

select * from final
