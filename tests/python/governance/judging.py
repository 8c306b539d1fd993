"""Helpers that put a rule to the whole project, or to one made-up example."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from .project import Node, Project

GRAIN_LINE = "-- Grain: one row per thing.\n"


def breaches(rule: Callable[..., Iterator[str]], items: Iterable[Any], *more: Any) -> list[str]:
    """Return what a rule finds in all items, each sentence once."""
    return sorted(set(chain.from_iterable(rule(item, *more) for item in items)))


def objects(rule: Callable[..., Iterator[str]], *arguments: Any) -> bool:
    """Return whether a rule finds something."""
    return any(True for _ in rule(*arguments))


def assert_none(found: list[str]) -> None:
    """Fail with one line per breach."""
    assert not found, f"{len(found)} breaches\n" + "\n".join(found)


def model(path: str, code: str = "", **properties: Any) -> Node:
    """Make a model that lies at a path, with a grain line and the code."""
    name = path.rpartition("/")[2].removesuffix(".sql")
    return Node(
        unique_id=f"model.{name}",
        name=name,
        path=f"models/{path}",
        code=GRAIN_LINE + code,
        **properties,
    )


def source(name: str, table: str, **properties: Any) -> Node:
    """Make a source table."""
    return Node(
        unique_id=f"source.{name}.{table}", name=table, kind="source", source=name, **properties
    )


def seed(name: str, **properties: Any) -> Node:
    """Make a seed."""
    return Node(unique_id=f"seed.{name}", name=name, kind="seed", **properties)


def reading(path: str, *read: Node) -> tuple[Node, Project]:
    """Make a model that reads the given nodes, and the project of them all."""
    reader = model(path, reads=frozenset(node.unique_id for node in read))
    return reader, Project.of(reader, *read)
