-- What was due is more than nothing; what is pending has no result and is still to come; growth
-- never counts as renewed; a renewal has a day and a timing, a loss has neither.
select
    source_system,
    subscription_id,
    due_on,
    outcome
from {{ ref('fct_renewal') }}
where
    atr <= 0
    or renewed_atr > atr
    or renewed_atr > renewed_arr
    or (outcome = 'pending') <> (renewed_arr is null)
    or (outcome = 'pending' and due_on <= {{ as_of_date() }}) <> is_unconfirmed
    or (outcome in ('renewed', 'expanded', 'contracted')) <> (renewed_on is not null)
    or (renewed_on is null) <> (timing is null)
    or renewed_on > {{ as_of_date() }}
