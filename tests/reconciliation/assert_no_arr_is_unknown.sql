-- The ARR of a paying subscription is known, or somebody has accepted that it is not. What is
-- missing is listed by name in mart_data_gaps and by `csw messages`, each with its remedy. Accept
-- it with csw refresh --accept "name: reason".
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
