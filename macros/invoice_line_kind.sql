{#
    The kind of an invoice line from what a file calls it. Null when it says nothing, or a word that
    is not among these: then the flags of the line decide, and int_finance_gaps names the word.
#}
{% macro invoice_line_kind(word) -%}
    case replace(replace(lower(trim({{ word }})), '-', '_'), ' ', '_')
        {%- for kind, words in invoice_line_words().items() %}
        {%- for each in words %}
        when '{{ each }}' then '{{ kind }}'
        {%- endfor %}
        {%- endfor %}
    end
{%- endmacro %}


{% macro invoice_line_words() -%}
    {{- return({
        'recurring': ['recurring', 'subscription', 'licence', 'license', 'proration', 'commitment'],
        'usage': ['usage', 'metered', 'overage', 'consumption'],
        'one_time': ['one_time', 'onetime', 'setup', 'setup_fee', 'service', 'services'],
        'credit': ['credit', 'credit_note', 'refund'],
        'tax': ['tax', 'vat'],
    }) -}}
{%- endmacro %}
