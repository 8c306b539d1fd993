-- 0 <= GRR <= 1, GRR <= NRR, and null exactly where the opening is zero.
select
    month,
    segment_type,
    segment_value,
    grr,
    nrr,
    grr_quarterly,
    nrr_quarterly
from {{ ref('mart_retention_monthly') }}
where
    grr < 0
    or grr > 1
    or grr > nrr
    or logo_retention > 1
    or grr_quarterly < 0
    or grr_quarterly > 1
    or grr_quarterly > nrr_quarterly
    or (grr_quarterly is null) <> (nrr_quarterly is null)
    or (opening_arr = 0 and (nrr is not null or grr is not null))
    or (opening_arr <> 0 and (nrr is null or grr is null))
