{#
    Deliveries from day `first` to `last` that repeat an event: another delivery of the same event
    id, at most `reach` days away, is preferred. Only ids whose hash occurs twice are looked at
    closely, so that the one pass over all ids groups by a number.
#}
{% macro repeated_deliveries(events, first, last, reach) -%}
    (
        with repeated_hashes as (
            select {{ id_hash('event_id') }} as event_hash
            from {{ events }}
            where {{ within_days('occurred_at', first, last, reach) }}
            group by {{ id_hash('event_id') }}
            having count(*) > 1
        ),

        candidates as (
            select
                deliveries.source_system,
                deliveries.event_id,
                deliveries.account_key,
                deliveries.user_id,
                deliveries.event_name,
                cast(deliveries.occurred_at as date) as usage_date,
                cast(deliveries.received_at as date) as received_on,
                row_number() over (
                    partition by
                        deliveries.source_system,
                        deliveries.event_id
                    order by
                        case when deliveries.source_system = 'files' then deliveries.load_id end desc,
                        deliveries.received_at asc,
                        deliveries.occurred_at asc,
                        deliveries.account_key asc,
                        deliveries.user_id asc,
                        deliveries.event_name asc
                ) as preference
            from {{ events }} as deliveries
            inner join repeated_hashes
                on {{ id_hash('deliveries.event_id') }} = repeated_hashes.event_hash
            where {{ within_days('deliveries.occurred_at', first, last, reach) }}
        )

        select
            candidates.source_system,
            candidates.account_key,
            candidates.user_id,
            candidates.event_name,
            candidates.usage_date,
            candidates.received_on
        from candidates
        where
            {{ within_days('candidates.usage_date', first, last) }}
            and exists (
                select 1
                from candidates as preferred
                where
                    preferred.source_system = candidates.source_system
                    and preferred.event_id = candidates.event_id
                    and preferred.preference < candidates.preference
                    and abs({{ days_between(
                        'preferred.usage_date', 'candidates.usage_date'
                    ) }}) <= {{ reach }}
            )
    )
{%- endmacro %}


{#
    What the numbers in int_product_user_keys are worth, and which events are left out: models that
    hold numbers depend on it.
#}
{% macro user_key_generation(relation) -%}
    {{- excluded_names(ref('excluded_events'), 'event_name') -}}
    {%- if execute and existing_table(relation) is not none -%}
        {{- run_query("select max(generation) from " ~ relation).rows[0][0] -}}
    {%- endif -%}
{%- endmacro %}


{# The names that a seed of exclusions has, as one text; nothing where there is none. #}
{% macro excluded_names(seed, column) -%}
    {%- if execute and existing_table(seed) is not none -%}
        {{- run_query(
            "select distinct " ~ column ~ " as name from " ~ seed ~ " order by name"
        ).columns[0].values() | join('|') -}}
    {%- endif -%}
{%- endmacro %}
