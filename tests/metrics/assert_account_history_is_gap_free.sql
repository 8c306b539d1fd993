-- Each account has one version of its attributes for every day: the first from 1900-01-01, each
-- next one from the day the one before it ends, the newest without an end.
with ordered as (
    select
        account_id,
        valid_from,
        valid_to,
        lag(valid_to) over (
            partition by account_id
            order by valid_from
        ) as previous_valid_to,
        row_number() over (
            partition by account_id
            order by valid_from
        ) as version_number,
        count(*) over (partition by account_id) as versions
    from {{ ref('int_crm_account_history') }}
)

select
    account_id,
    valid_from,
    valid_to
from ordered
where
    (version_number = 1 and valid_from <> cast('1900-01-01' as date))
    or (version_number > 1 and previous_valid_to is distinct from valid_from)
    or (version_number < versions and valid_to is null)
    or (version_number = versions and valid_to is not null)
