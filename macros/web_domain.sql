{#
    The domain of a website or an e-mail address: lower case, without scheme, user, `www.`, port
    and path. Null where the text holds no domain.
#}
{% macro web_domain(text) -%}
    nullif(
        regexp_extract(
            regexp_replace(lower(trim({{ text }})), '^([a-z]+://)?([^/@]*@)?(www[.])?', ''),
            '^[^/:?# ]+[.][^/:?# ]+',
            0
        ),
        ''
    )
{%- endmacro %}
