-- Grain: one row per account, expansion signal and day asked about: did the account then expand?
-- Asked about is the day on which the signal opened, and, to compare, the 15th of each month on
-- which its measure was known and short of the limit and the signal was not open: contracts change
-- on first days of months, and windows from the 15th hold as many of them as those from any day.
-- Expanded: seats, plan or cross-sell of whoever answers for the account after the day, within 90
-- and within 180 days; what it did not choose (price, discounts that end, pauses) is none. Null
-- until the window is over. An account without ARR on the day cannot expand and is not asked about.
with signals as (
    select signal
    from {{ ref('expansion_signals') }}
),

spells as (
    select
        account_id,
        signal,
        opened_on,
        coalesce(closed_on, cast('9999-12-31' as date)) as closed_on
    from {{ ref('fct_expansion_signal_spell') }}
),

runs as (
    select
        account_id,
        signal,
        first_day,
        last_day
    from {{ ref('fct_signal_run') }}
    where verdict in ('neither', 'close')
),

mid_months as (
    select {{ add_days('month', 14) }} as date_day
    from {{ ref('int_calendar_months') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
),

lines as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        arr
    from {{ ref('fct_arr_line') }}
),

movements as (
    select
        account_id,
        effective_on,
        arr_delta
    from {{ ref('fct_arr_movement') }}
    where
        movement = 'expansion'
        and subtype in ('seats', 'plan', 'cross_sell')
),

without_signal as (
    select
        runs.account_id,
        runs.signal,
        mid_months.date_day as asked_on
    from runs
    inner join signals
        on runs.signal = signals.signal
    inner join mid_months
        on mid_months.date_day between runs.first_day and runs.last_day
    left outer join spells
        on
            runs.account_id = spells.account_id
            and runs.signal = spells.signal
            and mid_months.date_day >= spells.opened_on
            and mid_months.date_day < spells.closed_on
    where spells.account_id is null
),

asked as (
    select
        account_id,
        signal,
        opened_on as asked_on,
        true as is_opening
    from spells
    union all
    select
        account_id,
        signal,
        asked_on,
        false as is_opening
    from without_signal
),

-- ARR and growth are of the account and day, whatever the signal.
days as (
    select distinct
        account_id,
        asked_on
    from asked
),

paying as (
    select
        days.account_id,
        days.asked_on,
        sum(lines.arr) as arr
    from days
    inner join ownership
        on
            days.account_id = ownership.account_id
            and days.asked_on >= ownership.valid_from
            and days.asked_on < ownership.valid_to
    inner join lines
        on
            ownership.owner_account_id = lines.account_id
            and days.asked_on >= lines.valid_from
            and days.asked_on < lines.valid_to
    group by
        days.account_id,
        days.asked_on
    having sum(lines.arr) > 0
),

grown as (
    select
        paying.account_id,
        paying.asked_on,
        sum(
            case
                when movements.effective_on <= {{ add_days('paying.asked_on', 90) }}
                    then movements.arr_delta
                else 0
            end
        ) as expansion_90d_arr,
        sum(movements.arr_delta) as expansion_180d_arr
    from paying
    inner join ownership
        on paying.account_id = ownership.account_id
    inner join movements
        on
            ownership.owner_account_id = movements.account_id
            and ownership.valid_from <= movements.effective_on
            and ownership.valid_to > movements.effective_on
            and paying.asked_on < movements.effective_on
            and {{ add_days('paying.asked_on', 180) }} >= movements.effective_on
    group by
        paying.account_id,
        paying.asked_on
),

final as (
    select
        asked.account_id,
        asked.signal,
        asked.asked_on,
        asked.is_opening,
        {%- for days in [90, 180] %}
        case
            when {{ add_days('asked.asked_on', days) }} <= {{ as_of_date() }}
                then cast(coalesce(grown.expansion_{{ days }}d_arr, 0) as decimal(18, 2))
        end as expansion_{{ days }}d_arr,
        case
            when {{ add_days('asked.asked_on', days) }} <= {{ as_of_date() }}
                then coalesce(grown.expansion_{{ days }}d_arr, 0) > 0
        end as expanded_{{ days }}d,
        {%- endfor %}
        cast(paying.arr as decimal(18, 2)) as arr
    from asked
    inner join paying
        on
            asked.account_id = paying.account_id
            and asked.asked_on = paying.asked_on
    left outer join grown
        on
            asked.account_id = grown.account_id
            and asked.asked_on = grown.asked_on
)

select * from final
