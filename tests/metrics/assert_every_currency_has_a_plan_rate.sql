-- ARR in a currency without a rate would be lost. Remedy: add the currency to the file fx_rates of
-- the company's folder of files, where it has one, or to seeds/fx_rates.csv (int_fx_gaps).
select
    currency,
    count(*) as intervals
from {{ ref('int_arr_line_intervals') }}
where arr is null
group by currency
