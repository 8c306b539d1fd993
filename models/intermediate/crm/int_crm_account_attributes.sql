-- Grain: one row per account, attribute and day from which the attribute has a value.
-- The value before the first change is that change's old value; without a change it is the value
-- the CRM has now. A day has the value it ended with. The first row holds from 1900-01-01.
{% set columns = {
    'change_id': 'varchar',
    'account_id': 'varchar',
    'attribute_name': 'varchar',
    'old_value': 'varchar',
    'new_value': 'varchar',
    'changed_at': 'timestamp',
} %}
{% set attributes = [
    'segment',
    'region',
    'industry',
    'country',
    'csm_id',
    'employee_count',
    'lifecycle_status',
] %}

with changes as (
    {{ union_systems('crm', {'salesforce': 'int_salesforce_account_changes'}, columns) }}
),

current_values as (
    {%- for attribute in attributes %}
    select
        account_id,
        '{{ attribute }}' as attribute_name,
        cast({{ attribute }} as varchar) as attribute_value
    from {{ ref('int_crm_account_records') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

first_changes as (
    select
        account_id,
        attribute_name,
        old_value
    from changes
    qualify row_number() over (
        partition by account_id, attribute_name
        order by changed_at, change_id
    ) = 1
),

last_changes_of_day as (
    select
        account_id,
        attribute_name,
        cast(changed_at as date) as valid_from,
        new_value as attribute_value
    from changes
    where cast(changed_at as date) <= {{ as_of_date() }}
    qualify row_number() over (
        partition by account_id, attribute_name, cast(changed_at as date)
        order by changed_at desc, change_id desc
    ) = 1
),

starts as (
    select
        current_values.account_id,
        current_values.attribute_name,
        cast('1900-01-01' as date) as valid_from,
        case
            when first_changes.account_id is not null then first_changes.old_value
            else current_values.attribute_value
        end as attribute_value
    from current_values
    left outer join first_changes
        on
            current_values.account_id = first_changes.account_id
            and current_values.attribute_name = first_changes.attribute_name
    union all
    select
        last_changes_of_day.account_id,
        last_changes_of_day.attribute_name,
        last_changes_of_day.valid_from,
        last_changes_of_day.attribute_value
    from last_changes_of_day
    inner join current_values
        on
            last_changes_of_day.account_id = current_values.account_id
            and last_changes_of_day.attribute_name = current_values.attribute_name
),

final as (
    select
        account_id,
        attribute_name,
        valid_from,
        attribute_value,
        lead(valid_from) over (
            partition by account_id, attribute_name
            order by valid_from
        ) as valid_to
    from starts
)

select * from final
