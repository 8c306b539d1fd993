-- 0 <= GRR <= 1, GRR <= NRR, and null exactly where the opening is zero.
select
    month,
    segment_type,
    segment_value,
    grr,
    nrr
from {{ ref('mart_retention_monthly') }}
where
    grr < 0
    or grr > 1
    or grr > nrr
    or logo_retention > 1
    or (opening_arr = 0 and (nrr is not null or grr is not null))
    or (opening_arr <> 0 and (nrr is null or grr is null))
