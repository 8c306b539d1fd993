"""The rules. Each takes what it judges and yields one sentence per breach.

They are plain functions over the records of `project.py`, so that a test can feed them a bad
example and see that they object.
"""

import re
from collections.abc import Iterator, Mapping

from .project import Code, DataTest, Node, Project
from .sql_text import plain_sql, stars_from_other_models, without_comments

MART_FOLDERS = ("health", "churn", "retention", "expansion", "success", "finance")
LAYERS = ("staging", "intermediate", "facts", "marts", "semantic")
MAY_READ = {
    "staging": {"source"},
    "intermediate": {"staging", "seed", "intermediate"},
    "facts": {"intermediate", "seed", "facts"},
    "marts": {"facts", "seed", "marts"},
    "semantic": {"facts", "marts"},
    "seed": set(),
}
MOST_LINES = 200

_PYTHON_IMPORT = re.compile(r"^(?:from [\w.]+ )?import .*$", re.MULTILINE)
_GRAIN = re.compile(r"(?:--|#) Grain: one row (per|for) \w")
_CLOCK = re.compile(
    r"\b(?:current_date|current_time|current_timestamp|localtime|localtimestamp|sysdate|utcnow"
    r"|get_current_timestamp|run_started_at)\b|\b(?:getdate|now|today)\s*\(",
    re.IGNORECASE,
)
_GROUP_BY_ALL = re.compile(r"\b(group|order)\s+by\s+all\b", re.IGNORECASE)
_NAMED_RELATION = re.compile(
    r"(?P<before>\w+)?\s+(?:from|join)\s+(?P<relation>\"?\w+\"?\.\"?\w+\"?(?:\.\"?\w+\"?)?)",
    re.IGNORECASE,
)
_NO_RELATION_AFTER = {
    "distinct", "both", "leading", "trailing", "century", "year", "quarter", "month", "week",
    "day", "hour", "minute", "second", "epoch", "dow", "isodow", "doy", "isoyear",
}  # fmt: skip
_READS_A_FILE = re.compile(r"\bread_(csv|csv_auto|json|json_auto|parquet|text)\s*\(", re.IGNORECASE)
_ONLY_DUCKDB = re.compile(
    r"::"
    r"|\b(arg_max|arg_min|unnest|generate_series|list_\w+|regexp_matches|regexp_like"
    r"|json_extract|json_extract_string|listagg|add_months|make_timestamp|make_date|strftime"
    r"|strptime|try_strptime|epoch|epoch_ms|date_diff|date_part|date_add|date_sub|struct_pack)\s*\("
    r"|\bdatediff\s*\(|\bexclude\s*\(|\bignore\s+nulls\b",
    re.IGNORECASE,
)
_MONEY = re.compile(r"(^|_)arr$")


def wrong_folder(model: Node) -> Iterator[str]:
    """A model lies in the folder of its layer and subject, and its name says so."""
    if model.layer not in LAYERS:
        yield f"{model.path}: models/ has the folders {', '.join(LAYERS)}"
        return
    prefixes = {
        "staging": (f"stg_{model.subject}__",),
        "intermediate": ("int_",),
        "facts": ("fct_", "dim_"),
        "marts": ("mart_",),
        "semantic": ("",),
    }[model.layer]
    if not model.name.startswith(prefixes):
        yield f"{model.path}: the name starts with {' or '.join(prefixes)} here"
    if model.layer in ("staging", "intermediate", "facts") and not model.subject:
        yield f"{model.path}: belongs in a folder of its vendor or subject"
    if model.layer == "marts" and model.subject not in MART_FOLDERS:
        yield f"{model.path}: the folders of the marts are {', '.join(MART_FOLDERS)}"


def wrong_reads(node: Node, project: Project) -> Iterator[str]:
    """A model reads only what its layer may read; a mart, only marts of its own folder."""
    for name in sorted(node.reads):
        read = project.nodes.get(name)
        if read is None:
            yield f"{node.name} reads {name}, which the project does not have"
        elif read.layer not in MAY_READ.get(node.layer, set()):
            yield f"{node.name} ({node.layer}) reads {read.name} ({read.layer})"
        elif node.layer == read.layer == "marts" and node.subject != read.subject:
            yield f"{node.name} ({node.subject}) reads {read.name} of the folder {read.subject}"


def wrong_access(model: Node) -> Iterator[str]:
    """The marts are public, and nothing else is."""
    if (model.access == "public") != (model.layer == "marts"):
        yield f"{model.name} ({model.layer}) has access {model.access}"


def undocumented_for_readers(model: Node, project: Project) -> Iterator[str]:
    """What BI reads has an owner, a contract and a description of itself and each column."""
    if not model.group or (project.groups and model.group not in project.groups):
        yield f"{model.name} has no owner: config group"
    if not model.is_contracted:
        yield f"{model.name} has no enforced contract"
    if not model.columns:
        yield f"{model.name} lists no columns"
    for name, column in model.columns.items():
        if not column.description:
            yield f"{model.name}.{name} has no description"


def wrong_public_types(model: Node) -> Iterator[str]:
    """Money is decimal(18,2) and a month is a date, wherever BI reads them."""
    for name, column in model.columns.items():
        if _MONEY.search(name) and column.data_type != "decimal(18,2)":
            yield f"{model.name}.{name} is {column.data_type}, not decimal(18,2)"
        if re.search(r"(^|_)month$", name) and column.data_type != "date":
            yield f"{model.name}.{name} is {column.data_type}, not date"


def undescribed(node: Node) -> Iterator[str]:
    """Every model, seed and source table is described."""
    if not node.description:
        yield f"{node.kind} {node.source + '.' if node.source else ''}{node.name}: no description"


def yaml_elsewhere(model: Node) -> Iterator[str]:
    """The YAML of a model is `_<subject>__models.yml` in the model's own folder."""
    folder, _, file = model.yaml_path.rpartition("/")
    if folder != model.path.rpartition("/")[0] or not re.fullmatch(r"_\w+__models\.yml", file):
        yield f"{model.path}: its YAML is {model.yaml_path or 'missing'}"


def unit_tests_elsewhere(file: str, model: Node) -> Iterator[str]:
    """All unit tests of a model are in `<model>__unit_tests.yml` beside it.

    A file that begins with `_` has those that share their rows, or that others have published.
    """
    beside = f"{model.path.rpartition('/')[0]}/{model.name}__unit_tests.yml"
    if file != beside and not file.rpartition("/")[2].startswith("_"):
        yield f"{file}: has a unit test of {model.path}"


def no_grain_line(model: Node) -> Iterator[str]:
    """The first line of a model says what one row is."""
    first = model.code.splitlines()[0] if model.code else ""
    if not _GRAIN.match(first):
        yield f"{model.path}: line 1 is not `-- Grain: one row per …`"


def grain_untested(model: Node, project: Project) -> Iterator[str]:
    """The grain of each model is tested, over all its rows, and a failure stops the run.

    A model that nobody reads outside may say in `meta.grain_untested` why it is not: raw
    deliveries have no key, and a step that is part of a tested model has no rows of its own.
    """
    tests = project.tests_on(model, "unique_grain")
    reason = str(model.meta.get("grain_untested") or "")
    excused = model.layer in ("staging", "intermediate") and len(reason.split()) > 3
    if not tests and not excused:
        yield f"{model.name} has no unique_grain test"
    for test in tests:
        if test.severity != "error" or test.where:
            yield f"{model.name}: its unique_grain test is a warning or leaves rows out"


def too_long(model: Node) -> Iterator[str]:
    """No model is longer than a screen or two."""
    lines = len(model.code.splitlines())
    if lines > MOST_LINES:
        yield f"{model.path} has {lines} lines; split it ({MOST_LINES} at most)"


def own_clock(item: Node | DataTest | Code) -> Iterator[str]:
    """The only clock is as_of_date(): a rebuild of a past day gives that day's rows."""
    for found in _CLOCK.finditer(without_comments(item.code)):
        yield f"{item.path}: {found.group(0)} instead of as_of_date()"


def star_from_another_model(model: Node) -> Iterator[str]:
    """An import names the columns it needs; `select *` is for CTEs of the same file."""
    for columns in stars_from_other_models(model.code):
        yield f"{model.path}: `select {columns}` from another model"


def implicit_grouping(model: Node) -> Iterator[str]:
    """Group by and order by name their columns."""
    for found in _GROUP_BY_ALL.finditer(plain_sql(model.code)):
        yield f"{model.path}: {found.group(0)}"


def outside_the_graph(model: Node) -> Iterator[str]:
    """Every table a model reads comes by ref or source, so that the lineage is complete."""
    code = _PYTHON_IMPORT.sub("", model.code) if model.path.endswith(".py") else model.code
    sql = plain_sql(code)
    for found in _NAMED_RELATION.finditer(sql):
        if (found["before"] or "").lower() not in _NO_RELATION_AFTER:
            yield f"{model.path}: reads {found['relation']} without ref or source"
    for found in _READS_A_FILE.finditer(sql):
        yield f"{model.path}: {found.group(0)}…) reads a file; load it as a source"


def only_on_duckdb(model: Node) -> Iterator[str]:
    """Above staging the SQL also runs on Spark and Snowflake; the rest is a dispatched macro."""
    if model.layer in ("staging", ""):
        return
    for found in _ONLY_DUCKDB.finditer(plain_sql(model.code)):
        yield f"{model.path}: {found.group(0).strip()} is DuckDB's own; use a dispatched macro"


def not_an_asset_check(test: DataTest, project: Project) -> Iterator[str]:
    """A test of several tables names the one that it is a check of."""
    if test.attached_to or len(test.reads) == 1:
        return
    named = ((test.meta.get("dagster") or {}).get("ref") or {}).get("name")
    read = {project.nodes[name].name for name in test.reads if name in project.nodes}
    if named not in read:
        yield (
            f"{test.path}: reads {', '.join(sorted(read)) or 'nothing'}; add "
            "{{ config(meta={'dagster': {'ref': {'name': '<one of them>'}}}) }}"
        )


def unexplained(test: DataTest) -> Iterator[str]:
    """A test of its own says in its first line what must hold."""
    if test.generic is None and not test.code.startswith(("--", "{#")):
        yield f"{test.path}: line 1 does not say what must hold"


def undeclared_source(table: Node, declared: Mapping[str, set[str]]) -> Iterator[str]:
    """dbt reads only raw tables that the loader's contract declares and thus always makes."""
    is_raw = table.source.startswith("raw_")
    if is_raw and table.name not in declared.get(table.source.removeprefix("raw_"), set()):
        yield f"{table.source}.{table.name} is not in orchestration/raw_tables"


def undocumented_seed_columns(seed: Node, header: list[str]) -> Iterator[str]:
    """The YAML of a seed describes the columns that the file has."""
    if list(seed.columns) != header:
        yield f"{seed.name}: the file has {header}, the YAML {list(seed.columns)}"
    for name, column in seed.columns.items():
        if not column.description:
            yield f"{seed.name}.{name} has no description"


def left_behind(node: Node, off: set[str]) -> Iterator[str]:
    """A system that is switched off leaves no model and no source in the graph."""
    for system in sorted(off):
        own_models = node.layer == "staging" and node.subject == system
        if own_models or node.source == f"raw_{system}" or node.name.startswith(f"int_{system}_"):
            yield f"{node.kind} {node.name} is there although {system} is switched off"
