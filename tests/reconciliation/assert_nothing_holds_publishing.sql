-- Nothing is published while a gap of severity error is open: ARR of a paying subscription that
-- nobody knows, a delivery that is cut off, rejected or late, a figure that jumps against its last
-- publication. Each is listed with its remedy in mart_data_gaps and by `csw messages`; to go on as
-- it is: csw accept.
{{ config(meta={'dagster': {'ref': {'name': 'mart_data_gaps'}}}) }}

select
    object_type,
    object_id,
    gap,
    what_is_missing,
    remedy
from {{ ref('mart_data_gaps') }}
where
    severity = 'error'
    and is_open
