"""The places of a query that can be changed, each in one way at a time."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

DIALECT = "duckdb"
FIXTURE = "__dbt__cte__"
Undo = Callable[[], None]

# What an operator or function becomes. A boundary moves by one: < and <=, > and >=.
OPERATORS: dict[type[exp.Expression], tuple[str, type[exp.Expression]]] = {
    exp.LT: ("boundary", exp.LTE),
    exp.LTE: ("boundary", exp.LT),
    exp.GT: ("boundary", exp.GTE),
    exp.GTE: ("boundary", exp.GT),
    exp.EQ: ("comparison", exp.NEQ),
    exp.NEQ: ("comparison", exp.EQ),
    exp.NullSafeEQ: ("comparison", exp.NullSafeNEQ),
    exp.NullSafeNEQ: ("comparison", exp.NullSafeEQ),
    exp.Add: ("arithmetic", exp.Sub),
    exp.Sub: ("arithmetic", exp.Add),
    exp.Mul: ("arithmetic", exp.Div),
    exp.Div: ("arithmetic", exp.Mul),
    exp.And: ("logic", exp.Or),
    exp.Or: ("logic", exp.And),
}
FUNCTIONS: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.Min: exp.Max,
    exp.Max: exp.Min,
    exp.ArgMin: exp.ArgMax,
    exp.ArgMax: exp.ArgMin,
    exp.Least: exp.Greatest,
    exp.Greatest: exp.Least,
    exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr,
    exp.Lag: exp.Lead,
    exp.Lead: exp.Lag,
    exp.FirstValue: exp.LastValue,
    exp.LastValue: exp.FirstValue,
}


@dataclass(slots=True)
class Site:
    """One change of one place. `change` makes it in the tree and gives the way back."""

    key: str
    kind: str
    cte: str
    before: str
    after: str
    change: Callable[[], Undo]


@dataclass(slots=True)
class _Change:
    """A change before it has a key."""

    kind: str
    node: exp.Expression
    before: str
    after: str
    change: Callable[[], Undo]


def text(node: exp.Expression) -> str:
    """SQL of a node without what differs between the warehouse and the fixtures of a test."""
    sql = node.sql(dialect=DIALECT, comments=False)
    sql = re.sub(r'"\w+"\."\w+"\."(\w+)"', r"\1", sql).replace(FIXTURE, "")
    return re.sub(r"'\d{4}-\d{2}-\d{2}'", "'DATE'", sql)


def _swap(node: exp.Expression, new: exp.Expression) -> Callable[[], Undo]:
    def change() -> Undo:
        node.replace(new)
        return lambda: new.replace(node) and None

    return change


def _set(node: exp.Expression, name: str, value: object) -> Callable[[], Undo]:
    def change() -> Undo:
        old = node.args.get(name)
        node.set(name, value)
        return lambda: node.set(name, old)

    return change


def _instead(kind: str, node: exp.Expression, new: exp.Expression) -> _Change:
    return _Change(kind, node, text(node), text(new), _swap(node, new))


def _constants(node: exp.Literal) -> Iterator[_Change]:
    """One more and one less; the number of an interval is a text."""
    in_interval = isinstance(node.parent, exp.Interval)
    if node.find_ancestor(exp.DataType) or (node.is_string and not in_interval):
        return
    if isinstance(node.parent, exp.UnixToTime) and node.arg_key == "scale":
        # The parser's note that make_timestamp counts microseconds; the query has no such number.
        return
    number = re.fullmatch(r"\d+(\.\d+)?", node.this)
    if number is None:
        return
    whole = "." not in node.this
    value = int(node.this) if whole else float(node.this)
    for other in (value + 1, value - 1):
        new = exp.Literal.string(str(other)) if in_interval else exp.Literal.number(other)
        yield _instead("constant", node, new)


def _joins(node: exp.Join) -> Iterator[_Change]:
    side = (node.side or "").upper()
    if (node.kind or "").upper() == "CROSS" or not node.args.get("on"):
        return
    table = text(node.this)
    if side == "LEFT":
        undo = _two(node, side=None, kind="INNER")
        yield _Change("join", node, f"LEFT JOIN {table}", f"INNER JOIN {table}", undo)
    elif side == "FULL":
        undo = _two(node, side="LEFT", kind=node.args.get("kind"))
        yield _Change("join", node, f"FULL JOIN {table}", f"LEFT JOIN {table}", undo)
    else:
        undo = _two(node, side="LEFT", kind=None)
        yield _Change("join", node, f"JOIN {table}", f"LEFT JOIN {table}", undo)


def _two(node: exp.Join, *, side: str | None, kind: str | None) -> Callable[[], Undo]:
    def change() -> Undo:
        back = [_set(node, "side", side)(), _set(node, "kind", kind)()]
        return lambda: [step() for step in back] and None

    return change


def _changes(node: exp.Expression) -> Iterator[_Change]:
    """All ways of changing one node."""
    kind = type(node)
    if kind in OPERATORS:
        name, other = OPERATORS[kind]
        new = other(this=node.this.copy(), expression=node.expression.copy())
        yield _instead(name, node, new)
    elif kind in FUNCTIONS:
        new = FUNCTIONS[kind](**{k: _copied(v) for k, v in node.args.items()})
        yield _instead("function", node, new)
    elif isinstance(node, exp.Literal):
        yield from _constants(node)
    elif isinstance(node, exp.Boolean):
        yield _instead("constant", node, exp.Boolean(this=not node.this))
    elif isinstance(node, exp.Neg):
        yield _instead("sign", node, exp.Paren(this=node.this.copy()))
    elif isinstance(node, exp.Not):
        yield _instead("logic", node, exp.Paren(this=node.this.copy()))
    elif isinstance(node, exp.Is) and not isinstance(node.parent, exp.Not):
        yield _instead("logic", node, exp.Not(this=exp.Paren(this=node.copy())))
    elif isinstance(node, exp.Coalesce):
        yield _instead("coalesce", node, exp.Paren(this=node.this.copy()))
    elif isinstance(node, exp.Join):
        yield from _joins(node)
    elif isinstance(node, exp.Ordered):
        desc = bool(node.args.get("desc"))
        words = (f"{text(node.this)} desc", f"{text(node.this)} asc")
        before, after = words if desc else words[::-1]
        yield _Change("order", node, before, after, _set(node, "desc", not desc))
    elif isinstance(node, exp.Union):
        distinct = bool(node.args.get("distinct"))
        names = ("UNION", "UNION ALL")
        before, after = names if distinct else names[::-1]
        yield _Change("set", node, before, after, _set(node, "distinct", not distinct))
    elif isinstance(node, exp.Select) and node.args.get("distinct"):
        yield _Change("set", node, "SELECT DISTINCT", "SELECT", _set(node, "distinct", None))


def _copied(value: object) -> object:
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return value.copy() if isinstance(value, exp.Expression) else value


def _place(node: exp.Expression) -> str:
    """The name of the common table expression that a node is part of."""
    found = node.find_ancestor(exp.CTE)
    return found.alias if found is not None else "main"


def sites(tree: exp.Expression) -> list[Site]:
    """Every change of a query, in the order of its text.

    The key names a change by what it changes, so that it stays the same when another part of the
    query is edited, or when a test compiles the query with other vars.
    """
    result: list[Site] = []
    seen: Counter[tuple] = Counter()
    for node in list(tree.walk(bfs=False)):
        for change in _changes(node):
            cte = _place(node)
            around = text(node.parent)[:200] if node.parent is not None else ""
            name = (cte, change.kind, change.before, change.after, around)
            seen[name] += 1
            digest = hashlib.sha256(repr((name, seen[name])).encode()).hexdigest()[:8]
            result.append(
                Site(
                    key=f"{cte}:{change.kind}:{digest}",
                    kind=change.kind,
                    cte=cte,
                    before=_short(change.before),
                    after=_short(change.after),
                    change=change.change,
                )
            )
    return result


def _short(sql: str) -> str:
    """One line; of a long one the end, where the operator and what follows it stand."""
    sql = " ".join(sql.split())
    return sql if len(sql) <= 160 else "... " + sql[-156:]


def mutated(tree: exp.Expression, site: Site) -> str:
    """The SQL of a query with one change; the tree is as before afterwards."""
    undo = site.change()
    try:
        return tree.sql(dialect=DIALECT, comments=False)
    finally:
        undo()
