"""Expressions that look at several lines of a file, and lines that are one row together.

What a window or an aggregate takes from the lines is computed once, beside them. A line on which
that fails is not left out of a sum or a sequence without a word: all rows that would be computed
from it are rejected, and the reason names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from orchestration.loads.model import FileError
from orchestration.loads.part_plan import PartPlan
from orchestration.loads.run import LoadRun
from orchestration.loads.warehouse import quote

ALIAS = "_shape"
FIRST = "_first"
HELD = "_held_"
# Around an aggregate or a window function, and still part of it.
_AROUND = (exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)
# What is looked into for the values that a line gives.
_INNER = (*_AROUND, exp.Window, exp.Where, exp.Order, exp.Ordered, exp.Distinct, exp.Tuple)


@dataclass
class Shaper:
    """Collects what an entry computes over several lines.

    Attributes:
        keys: SQL of the columns of group_by.
        columns: SQL to compute beside the lines, by name.
    """

    keys: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)

    def lift(self, tree: exp.Expression, name: str, held: dict[str, str]) -> exp.Expression:
        """Take windows and aggregates out of the expression of a column.

        Args:
            tree: The expression; its columns are resolved.
            name: The column it is for.
            held: SQL of the names in the expression; those put in are added.

        Returns:
            The expression, with a column of the shape in the place of each.
        """
        while found := tree.find(exp.Window, exp.AggFunc):
            node: exp.Expression = found
            while isinstance(node.parent, (*_AROUND, exp.Window)) and node.arg_key == "this":
                node = node.parent
            over = self.keys
            if isinstance(node, exp.Window):
                over = [filled(key, held) for key in node.args.get("partition_by") or []]
            failing = []
            for operand in _operands(node):
                sql = filled(operand, held)
                failing.append(f"try(struct_pack(v := ({sql}))) is null")
                replaced(node, operand, f"try({sql})", held)
            if failing:
                self._note_failing(name, failing, over)
            sql = filled(node, held)
            if not isinstance(node, exp.Window):
                sql += f" over (partition by {', '.join(over)})"
            computed = f"w:{len(self.columns)}"
            self.columns[computed] = sql
            tree = replaced(tree, node, f"{ALIAS}.{quote(computed)}", held)
        return tree

    def _note_failing(self, name: str, failing: list[str], over: list[str]) -> None:
        """The first line of a group on which an expression fails."""
        by = f"partition by {', '.join(f'try({key})' for key in over)}" if over else ""
        line = f"min(case when {' or '.join(failing)} then s._line end) over ({by})"
        before = self.columns.get(f"f:{name}")
        self.columns[f"f:{name}"] = f"coalesce({before}, {line})" if before else line

    def distinct(self, plan: PartPlan, keys: list[str]) -> None:
        """Note that lines alike in these, or in those of group_by, are one row: the first."""
        keys = keys or self.keys
        if keys:
            self.columns[FIRST] = f"min(s._line) over (partition by {', '.join(keys)})"
            plan.first = f"{ALIAS}.{FIRST} = s._line"

    def join(self, run: LoadRun, plan: PartPlan, joins: str) -> str:
        """Compute it over the lines that `where` takes; SQL to join it by the line.

        Raises:
            FileError: It cannot be computed.
        """
        if not self.columns:
            return ""
        name = f"shape_{run.next_number()}"
        where = f" where try(cast(({plan.where}) as boolean))" if plan.where else ""
        columns = ", ".join(f"{sql} as {quote(column)}" for column, sql in self.columns.items())
        try:
            run.connection.execute(
                f"create table {name} as select s._line, {columns}"
                f" from {plan.staged.relation} as s {joins}{where}"
            )
        except duckdb.Error as problem:
            message = str(problem).strip().splitlines()[0]
            raise FileError(
                f"the mapping of {plan.table.name} cannot be run: {message}",
                file=plan.staged.file.relative,
            ) from problem
        for column in self.columns:
            if column.startswith("f:"):
                plan.spoiled[column[2:]] = f"{ALIAS}.{quote(column)}"
        return f"left join {name} as {ALIAS} on {ALIAS}._line = s._line"


def _operands(node: exp.Expression) -> list[exp.Expression]:
    """The expressions in a window or an aggregate that are computed of each line."""
    found = []
    for child in list(node.iter_expressions()):
        called = child.arg_key == "this" and isinstance(node, (*_AROUND, exp.Window))
        if isinstance(child, _INNER) or (called and isinstance(child, exp.Func)):
            found += _operands(child)
        elif not _is_plain(child) and child.find(exp.Column):
            found.append(child)
    return found


def _is_plain(node: exp.Expression) -> bool:
    """Whether it is a column of the file, which cannot fail."""
    return isinstance(node, exp.Column) and not node.name.startswith(HELD)


def replaced(
    tree: exp.Expression, node: exp.Expression, sql: str, held: dict[str, str]
) -> exp.Expression:
    """The tree with a name in the place of a node; `held` gets the SQL of the name."""
    name = f"{HELD}{len(held)}_"
    held[name] = sql
    place = exp.column(name)
    if node is tree:
        return place
    node.replace(place)
    return tree


def filled(tree: exp.Expression, held: dict[str, str]) -> str:
    """The SQL of a tree, with the SQL of each name in its place."""
    sql = tree.sql(dialect="duckdb")
    for name in reversed(list(held)):
        sql = sql.replace(name, f"({held[name]})")
    return sql
