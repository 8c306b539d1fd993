-- Grain: one row per account and day from which a version of its attributes holds.
-- Slowly changing, [valid_from, valid_to): the first version holds from 1900-01-01, the newest
-- has no valid_to. Only changes up to the as-of date are there.
with attributes as (
    select
        account_id,
        attribute_name,
        valid_from,
        valid_to,
        attribute_value
    from {{ ref('int_crm_account_attributes') }}
),

versions as (
    select distinct
        account_id,
        valid_from
    from attributes
),

final as (
    select
        versions.account_id,
        versions.valid_from,
        lead(versions.valid_from) over (
            partition by versions.account_id
            order by versions.valid_from
        ) as valid_to,
        {%- for attribute in [
            'segment', 'region', 'industry', 'country', 'csm_id', 'lifecycle_status'
        ] %}
        max(
            case
                when attributes.attribute_name = '{{ attribute }}' then attributes.attribute_value
            end
        ) as {{ attribute }},
        {%- endfor %}
        max(
            case
                when attributes.attribute_name = 'employee_count'
                    then {{ dbt.safe_cast('attributes.attribute_value', 'bigint') }}
            end
        ) as employee_count
    from versions
    inner join attributes
        on
            versions.account_id = attributes.account_id
            and versions.valid_from >= attributes.valid_from
            and (attributes.valid_to is null or versions.valid_from < attributes.valid_to)
    group by
        versions.account_id,
        versions.valid_from
)

select * from final
