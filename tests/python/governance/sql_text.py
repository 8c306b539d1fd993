"""Reading SQL with Jinja as text: enough for the rules, no parser."""

import re

_JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LINE_COMMENT = re.compile(r"--[^\n]*")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_INNERMOST_BRACKETS = re.compile(r"\([^()]*\)")
_READS_OTHER_MODEL = re.compile(r"\b(?:from|join)\s+\{\{-?\s*ref\s*\(", re.IGNORECASE)
_SELECT = re.compile(r"\bselect\b", re.IGNORECASE)
_STAR = re.compile(r"^(?:distinct\s+)?(?:\w+\s*\.\s*)?\*", re.IGNORECASE)


def without_comments(code: str) -> str:
    """Return the code without SQL and Jinja comments."""
    for pattern in (_JINJA_COMMENT, _BLOCK_COMMENT, _LINE_COMMENT):
        code = pattern.sub(" ", code)
    return code


def plain_sql(code: str) -> str:
    """Return the SQL alone: no comments, Jinja or quoted text."""
    return _TEXT.sub("''", _JINJA.sub(" jinja ", without_comments(code)))


def stars_from_other_models(code: str) -> list[str]:
    """Return the select lists that take every column of another model.

    `select *` from a CTE of the same file is fine: its columns can be seen there. So is a staging
    model's from its source: the columns are named one step further on.
    """
    code = without_comments(code)
    found = []
    for read in _READS_OTHER_MODEL.finditer(code):
        selects = list(_SELECT.finditer(code, 0, read.start()))
        if not selects:
            continue
        columns = code[selects[-1].end() : read.start()]
        columns = re.split(r"\bfrom\b", _without_brackets(columns), flags=re.IGNORECASE)[0]
        if any(_STAR.match(column.strip()) for column in columns.split(",")):
            found.append(" ".join(columns.split()))
    return found


def _without_brackets(sql: str) -> str:
    before = None
    while before != sql:
        before, sql = sql, _INNERMOST_BRACKETS.sub("", sql)
    return sql
