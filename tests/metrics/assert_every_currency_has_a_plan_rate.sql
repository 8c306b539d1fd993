-- ARR in a currency without a rate would be lost. Remedy: add the currency to fx_rates (the
-- company's file or the seed) with a rate from its first contract on.
select
    currency,
    count(*) as intervals
from {{ ref('int_arr_line_intervals') }}
where arr is null
group by currency
