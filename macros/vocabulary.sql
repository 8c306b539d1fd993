{#
    A word as the seed `vocabulary` compares it: case, blanks, hyphens and underscores do not
    matter. The loader folds words the same way (orchestration/loads/vocabulary.py).
#}
{% macro folded_word(word) -%}
    replace(replace(lower(trim({{ word }})), '-', '_'), ' ', '_')
{%- endmacro %}
