{#
    What two ids of one Salesforce record have in common: 15 characters, and the same with three
    more that only check the case of the letters. Ids of accounts begin with 001; what has no
    letter, or another length, is an id of another system and stays as it is.
#}
{% macro crm_id_key(account_id) -%}
    case
        when
            length({{ account_id }}) = 18
            and {{ account_id }} like '001%'
            and upper({{ account_id }}) <> lower({{ account_id }})
            then substring({{ account_id }}, 1, 15)
        else {{ account_id }}
    end
{%- endmacro %}
