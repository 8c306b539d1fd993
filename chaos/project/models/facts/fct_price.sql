-- Grain: one row per account and price. Prices only rise, so what was built is left as it is: a
-- delivery of which a part was seen while it was built would stay in parts for good.
{{ config(materialized='incremental', incremental_strategy='append') }}

select
    account_id,
    price
from {{ ref('stg_files__prices') }}
{% if is_incremental() %}
where price > (select coalesce(max(built.price), 0) from {{ this }} as built)
{% endif %}
