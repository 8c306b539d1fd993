"""Expressions that look at several lines of a file, and lines that are one row together.

What a window or an aggregate takes from the lines is computed once, beside them. A line on which
that fails is not left out of a sum or a sequence without a word: all rows that would be computed
from it are rejected, and the reason names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from orchestration.database import quote
from orchestration.loads.model import FileError
from orchestration.loads.part_plan import PartPlan
from orchestration.loads.run import LoadRun

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
        unread: A line that cannot be read, so that nothing over several lines can be known.
        columns: SQL to compute beside the lines, by name.
        first: SQL of the line that stands for those which are one row with it.
    """

    keys: list[str] = field(default_factory=list)
    unread: int | None = None
    columns: dict[str, str] = field(default_factory=dict)
    first: str | None = None

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
                partition = node.args.get("partition_by") or []
                over = [f"try({filled(key, held)})" for key in partition]
            failing = []
            for operand in _operands(node):
                sql = filled(operand, held)
                failing.append(failed(sql))
                replaced(node, operand, f"try({sql})", held)
            if self.unread is not None:
                self.columns[f"f:{name}"] = str(self.unread)
            elif failing:
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
        by = f"partition by {', '.join(over)}" if over else ""
        line = f"min(case when {' or '.join(failing)} then s._line end) over ({by})"
        before = self.columns.get(f"f:{name}")
        self.columns[f"f:{name}"] = f"coalesce({before}, {line})" if before else line

    def distinct(self, plan: PartPlan, keys: list[str]) -> None:
        """Note that lines alike in these, or in those of group_by, are one row: the first."""
        keys = keys or self.keys
        if keys:
            self.first = f"min(s._line) over (partition by {', '.join(keys)})"
            plan.first = f"{FIRST}.{FIRST} = s._line"

    def join(self, run: LoadRun, plan: PartPlan, joins: str) -> str:
        """Compute it over the lines that `where` takes; SQL to join it by the line.

        Raises:
            FileError: It cannot be computed.
        """
        if self.columns:
            joins += self._computed(run, plan, ALIAS, self.columns, joins)
        if self.first:
            joins += self._computed(run, plan, FIRST, {FIRST: self.first}, joins)
        for column in self.columns:
            if column.startswith("f:"):
                plan.spoiled[column[2:]] = f"{ALIAS}.{quote(column)}"
        return joins

    @staticmethod
    def _computed(
        run: LoadRun, plan: PartPlan, alias: str, columns: dict[str, str], joins: str
    ) -> str:
        """Make a work table of columns beside the lines; SQL to join it."""
        name = f"shape_{run.next_number()}"
        where = f" where try(cast(({plan.where}) as boolean))" if plan.where else ""
        listed = ", ".join(f"{sql} as {quote(column)}" for column, sql in columns.items())
        try:
            run.connection.execute(
                f"create table {name} as select s._line, {listed}"
                f" from {plan.staged.relation} as s {joins}{where}"
            )
        except duckdb.Error as problem:
            message = str(problem).strip().splitlines()[0]
            raise FileError(
                f"the mapping of {plan.table.name} cannot be run: {message}",
                file=plan.staged.file.relative,
            ) from problem
        return f" left join {name} as {alias} on {alias}._line = s._line"


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


def failed(sql: str) -> str:
    """SQL condition: the expression fails on this line."""
    return f"try(struct_pack(v := ({sql}))) is null"


def or_alone(sql: str) -> list[str]:
    """SQL of what lines are to be alike in; a line on which it fails is like no other."""
    return [f"try({sql})", f"case when {failed(sql)} then s._line end"]


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
