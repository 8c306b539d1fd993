-- Grain: one row per customer, or account under contract: what its next business review needs.
-- Peers are the other customers of the segment of whom the same is known; the percentile is the
-- share of them that the account is ahead of, half of those it is level with counted.
{% set told = [
    'account_name', 'segment', 'csm_id', 'csm_name', 'lifecycle_stage', 'arr', 'arr_12m_ago',
    'health_score', 'health_band', 'health_trend_30d', 'seat_utilisation',
    'key_feature_activation', 'last_nps_score', 'last_nps_on', 'past_due_amount',
    'cancel_requested_at',
] %}
{% set quarter = [
    'quarter_from', 'arr_3m_ago', 'active_users', 'active_users_before', 'features_entitled',
    'features_used', 'key_features_unused', 'tickets_opened', 'tickets_opened_before',
    'tickets_solved', 'tickets_solved_before', 'tickets_breached', 'tickets_breached_before',
    'tickets_open', 'nps', 'nps_respondents', 'csat', 'csat_respondents', 'last_answer_on', 'touchpoints',
    'last_review_on', 'last_executive_review_on',
] %}
{% set people = [
    'champion', 'decision_maker', 'sponsor', 'threads', 'threading', 'key_people_left_180d',
    'executives_active_28d',
] %}
{% set warning = ['top_signal_label', 'severity', 'evidence', 'next_action', 'due_on'] %}
{% set compared = ['seat_utilisation', 'key_feature_activation'] %}

with accounts as (
    select
        account_id,
        is_customer,
        {{ each_column(told, '@') }}
    from {{ ref('mart_account_360') }}
    where is_customer or health_band is not null
),

quarters as (
    select
        account_id,
        {{ each_column(quarter, '@') }}
    from {{ ref('fct_account_quarter') }}
),

coverage as (
    select
        account_id,
        {{ each_column(people, '@') }}
    from {{ ref('mart_stakeholder_coverage') }}
),

reasons as (
    select
        account_id,
        max(case when reason_number = 1 then sentence end) as reason_1,
        max(case when reason_number = 2 then sentence end) as reason_2,
        max(case when reason_number = 3 then sentence end) as reason_3
    from {{ ref('fct_health_component') }}
    group by account_id
),

worklist as (
    select
        account_id,
        signals_open,
        {{ each_column(warning, '@') }}
    from {{ ref('mart_cs_worklist') }}
),

spells as (
    select
        account_id,
        signal
    from {{ ref('fct_expansion_signal_spell') }}
    where is_open
),

labels as (
    select
        signal,
        label
    from {{ ref('expansion_signals') }}
),

expansion as (
    select
        spells.account_id,
        count(*) as expansion_signals_open,
        {{ dbt.listagg('labels.label', "', '", 'order by labels.label') }} as expansion_signals
    from spells
    inner join labels
        on spells.signal = labels.signal
    group by spells.account_id
),

terms as (
    select
        account_id,
        term_end,
        atr,
        notice_on,
        auto_renew,
        is_prepared,
        min(term_end) over (partition by account_id) as first_end
    from {{ ref('mart_renewal_calendar') }}
    where outcome = 'pending'
),

renewals as (
    select
        account_id,
        min(term_end) as renewal_on,
        sum(atr) as renewal_atr,
        max(notice_on) as renewal_notice_on,
        bool_and(auto_renew) as auto_renew,
        bool_and(is_prepared) as is_renewal_prepared
    from terms
    where term_end = first_end
    group by account_id
),

measures as (
    {%- for measure in compared %}
    select
        account_id,
        segment,
        '{{ measure }}' as measure,
        {{ measure }} as amount
    from accounts
    where is_customer and segment is not null and {{ measure }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

placed as (
    select
        account_id,
        measure,
        rank() over (partition by measure, segment order by amount) - 1 as below,
        count(*) over (partition by measure, segment, amount) - 1 as level_with,
        count(*) over (partition by measure, segment) - 1 as peers
    from measures
),

peers as (
    select
        account_id,
        {{ each_column(compared, "max(case when measure = '@' then peers end) as @_peers") }},
        {{ each_column(
            compared,
            "max(case when measure = '@' and peers >= " ~ var('review_least_peers')
            ~ " then (below + 0.5 * level_with) / peers end) as @_percentile"
        ) }}
    from placed
    group by account_id
),

final as (
    select
        accounts.account_id,
        {{ each_column(told, 'accounts.@') }},
        {{ each_column(quarter, 'quarters.@') }},
        cast(accounts.arr - quarters.arr_3m_ago as decimal(18, 2)) as arr_change_3m,
        cast(accounts.arr - accounts.arr_12m_ago as decimal(18, 2)) as arr_change_12m,
        {{ each_column(['reason_1', 'reason_2', 'reason_3'], 'reasons.@ as health_@') }},
        {{ each_column(compared, 'cast(coalesce(peers.@_peers, 0) as bigint) as @_peers') }},
        {{ each_column(compared, 'cast(peers.@_percentile as double) as @_percentile') }},
        cast(coalesce(worklist.signals_open, 0) as bigint) as risk_signals_open,
        {{ each_column(warning, 'worklist.@ as risk_@') }},
        cast(coalesce(expansion.expansion_signals_open, 0) as bigint) as expansion_signals_open,
        cast(expansion.expansion_signals as varchar) as expansion_signals,
        renewals.renewal_on,
        cast(renewals.renewal_atr as decimal(18, 2)) as renewal_atr,
        renewals.renewal_notice_on,
        renewals.auto_renew,
        renewals.is_renewal_prepared,
        {{ each_column(people, 'coverage.@') }},
        {{ as_of_date() }} as as_of_date
    from accounts
    left outer join quarters
        on accounts.account_id = quarters.account_id
    left outer join coverage
        on accounts.account_id = coverage.account_id
    left outer join reasons
        on accounts.account_id = reasons.account_id
    left outer join worklist
        on accounts.account_id = worklist.account_id
    left outer join expansion
        on accounts.account_id = expansion.account_id
    left outer join renewals
        on accounts.account_id = renewals.account_id
    left outer join peers
        on accounts.account_id = peers.account_id
)

select * from final
