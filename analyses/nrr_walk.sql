-- NRR of one month, account by account: what each member of the cohort brought twelve months ago,
-- what it brings now, and what it adds to or takes from the rate. Run:
--   csw dbt -- show --quiet --select nrr_walk --limit 10000 --output json
-- and set the month with --vars "nrr_month: 2025-12-01"
with members as (
    select
        account_id,
        month,
        opening_arr,
        retained_arr,
        retained_arr_capped
    from {{ ref('fct_account_retention_month') }}
    where month = cast('{{ var("nrr_month", "2025-12-01") }}' as date)
),

accounts as (
    select
        account_id,
        account_name
    from {{ ref('dim_account') }}
),

final as (
    select
        members.account_id,
        accounts.account_name,
        members.opening_arr,
        members.retained_arr,
        members.retained_arr - members.opening_arr as change_arr,
        (members.retained_arr - members.opening_arr)
        / sum(members.opening_arr) over () as effect_on_nrr,
        (members.retained_arr_capped - members.opening_arr)
        / sum(members.opening_arr) over () as effect_on_grr
    from members
    left outer join accounts
        on members.account_id = accounts.account_id
)

select *
from final
order by abs(change_arr) desc, account_id
