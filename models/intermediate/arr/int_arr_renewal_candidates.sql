-- Grain: one row per term that was given up and could be renewed by another subscription.
-- The one that could renew it: a contract of the account that began before the old one was over
-- (int_arr_overlaps), else the first that began afterwards, within late_renewal_days. is_joined: it
-- takes over without a gap, and has a product of the old one.
with terms_due as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        term_start,
        due_on,
        is_given_up,
        paid_until,
        atr
    from {{ ref('int_arr_terms_due') }}
),

intervals as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        product_id,
        valid_from,
        contract_arr as arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

overlapping as (
    select
        source_system,
        subscription_id,
        successor_id,
        min(overlap_from) as overlap_from
    from {{ ref('int_arr_overlaps') }}
    group by
        source_system,
        subscription_id,
        successor_id
),

first_days as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        min(valid_from) as renewed_on
    from intervals
    where arr > 0
    group by
        source_system,
        subscription_id,
        contract_account_id
),

products as (
    select distinct
        source_system,
        subscription_id,
        coalesce(product_id, '') as product_id
    from intervals
    where arr > 0
),

successors as (
    select
        terms_due.source_system,
        terms_due.subscription_id,
        terms_due.term_start,
        terms_due.atr,
        first_days.source_system as successor_source,
        first_days.subscription_id as successor_id,
        first_days.renewed_on,
        terms_due.paid_until = first_days.renewed_on as is_seamless
    from terms_due
    inner join first_days
        on
            terms_due.contract_account_id = first_days.contract_account_id
            and terms_due.paid_until <= first_days.renewed_on
            and {{ add_days('terms_due.due_on', var('late_renewal_days')) }}
            >= first_days.renewed_on
            and terms_due.subscription_id <> first_days.subscription_id
    where
        terms_due.is_given_up
        and terms_due.contract_account_id <> 'unassigned'
    union all
    select
        terms_due.source_system,
        terms_due.subscription_id,
        terms_due.term_start,
        terms_due.atr,
        overlapping.source_system as successor_source,
        overlapping.successor_id,
        overlapping.overlap_from as renewed_on,
        true as is_seamless
    from terms_due
    inner join overlapping
        on
            terms_due.source_system = overlapping.source_system
            and terms_due.subscription_id = overlapping.subscription_id
    where terms_due.is_given_up
),

-- The earliest that an old one can have.
chosen as (
    select *
    from successors
    qualify
        row_number() over (
            partition by source_system, subscription_id, term_start
            order by renewed_on, successor_id
        ) = 1
),

shared_products as (
    select distinct
        chosen.source_system,
        chosen.subscription_id,
        chosen.successor_source,
        chosen.successor_id
    from chosen
    inner join products
        on
            chosen.source_system = products.source_system
            and chosen.subscription_id = products.subscription_id
    inner join products as new_products
        on
            chosen.successor_source = new_products.source_system
            and chosen.successor_id = new_products.subscription_id
            and products.product_id = new_products.product_id
),

final as (
    select
        chosen.*,
        chosen.is_seamless and shared_products.subscription_id is not null as is_joined
    from chosen
    left outer join shared_products
        on
            chosen.source_system = shared_products.source_system
            and chosen.subscription_id = shared_products.subscription_id
            and chosen.successor_source = shared_products.successor_source
            and chosen.successor_id = shared_products.successor_id
)

select * from final
