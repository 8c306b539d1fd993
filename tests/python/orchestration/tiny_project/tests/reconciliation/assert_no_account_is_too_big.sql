-- A whole account of more than a million is a slip of the pen.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_month'}}}) }}

select account_id
from {{ ref('fct_account_month') }}
where closing_arr > 1000000
union all
select account_id
from {{ ref('stg_files__accounts') }}
where arr > 1000000
