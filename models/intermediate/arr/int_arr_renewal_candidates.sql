-- Grain: one row per term that was given up and subscription that could have renewed some of it.
-- All that took its products over without a gap (int_arr_successions). For a product that none of
-- them took over, those that brought it first afterwards, within late_renewal_days. Where nothing
-- has a product of it, the first one that began. is_joined: it took over without a gap.
-- shared_atr: what was due of the products that it has. measured_on: the day by which it has them.
{% set term = ['source_system', 'subscription_id', 'term_start', 'atr'] %}

with terms_due as (
    select
        {{ each_column(term, '@') }},
        contract_account_id,
        cut_on,
        paid_until,
        {{ add_days('due_on', var('late_renewal_days')) }} as late_until
    from {{ ref('int_arr_terms_due') }}
    where is_given_up
),

intervals as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        coalesce(product_id, '') as product_id,
        valid_from,
        valid_to,
        contract_arr as arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

successions as (
    select
        source_system,
        subscription_id,
        coalesce(product_id, '') as product_id,
        successor_source,
        successor_id,
        renewed_on
    from {{ ref('int_arr_successions') }}
    where is_certain
),

-- The products that were due, and what they were worth on the last day.
due as (
    select
        {{ each_column(term, 'terms_due.@') }},
        intervals.product_id,
        sum(intervals.arr) as product_atr
    from terms_due
    inner join intervals
        on
            terms_due.source_system = intervals.source_system
            and terms_due.subscription_id = intervals.subscription_id
            and terms_due.cut_on > intervals.valid_from
            and terms_due.cut_on <= intervals.valid_to
    group by
        {{ each_column(term, 'terms_due.@') }},
        intervals.product_id
),

taken as (
    select
        {{ each_column(term + ['product_id', 'product_atr'], 'due.@') }},
        successions.successor_source,
        successions.successor_id,
        successions.renewed_on,
        true as is_joined
    from due
    inner join successions
        on
            due.source_system = successions.source_system
            and due.subscription_id = successions.subscription_id
            and due.product_id = successions.product_id
),

first_days as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        product_id,
        min(valid_from) as first_day,
        min(min(valid_from)) over (
            partition by source_system, subscription_id, contract_account_id
        ) as began_on
    from intervals
    where arr > 0
    group by
        source_system,
        subscription_id,
        contract_account_id,
        product_id
),

-- What began afterwards, and what was added afterwards to what had taken over the rest.
followers as (
    select
        {{ each_column(term, 'terms_due.@') }},
        first_days.product_id,
        due.product_atr,
        first_days.source_system as successor_source,
        first_days.subscription_id as successor_id,
        first_days.first_day as renewed_on,
        false as is_joined
    from terms_due
    inner join first_days
        on
            terms_due.contract_account_id = first_days.contract_account_id
            and terms_due.paid_until <= first_days.first_day
            and terms_due.late_until >= first_days.first_day
            and terms_due.subscription_id <> first_days.subscription_id
    left outer join due
        on
            terms_due.source_system = due.source_system
            and terms_due.subscription_id = due.subscription_id
            and terms_due.term_start = due.term_start
            and first_days.product_id = due.product_id
    where
        terms_due.contract_account_id <> 'unassigned'
        and (
            terms_due.paid_until <= first_days.began_on
            or exists (
                select 1
                from taken
                where
                    terms_due.source_system = taken.source_system
                    and terms_due.subscription_id = taken.subscription_id
                    and first_days.source_system = taken.successor_source
                    and first_days.subscription_id = taken.successor_id
            )
        )
),

-- For each product those that took it over, else the first that brought it.
by_product as (
    select *
    from (
        select * from taken
        union all
        select * from followers
        where product_atr is not null
    ) as sharing
    window product as (partition by source_system, subscription_id, term_start, product_id)
    qualify
        is_joined
        or (
            not bool_or(is_joined) over product
            and renewed_on = min(renewed_on) over product
        )
),

unlike as (
    select followers.*
    from followers
    left outer join by_product
        on
            followers.source_system = by_product.source_system
            and followers.subscription_id = by_product.subscription_id
            and followers.term_start = by_product.term_start
    where by_product.subscription_id is null
    qualify
        row_number() over (
            partition by followers.source_system, followers.subscription_id, followers.term_start
            order by followers.renewed_on, followers.successor_id
        ) = 1
),

final as (
    select
        {{ each_column(term, '@') }},
        successor_source,
        successor_id,
        min(renewed_on) as renewed_on,
        max(renewed_on) as measured_on,
        bool_or(is_joined) as is_joined,
        sum(product_atr) as shared_atr
    from (
        select * from by_product
        union all
        select * from unlike
    ) as candidates
    group by
        {{ each_column(term, '@') }},
        successor_source,
        successor_id
)

select * from final
