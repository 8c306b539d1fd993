"""A settings file in YAML: read with the line of each entry, its faults told by line and name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from orchestration.errors import ExplainedError

Place = tuple[str | int, ...]


# More is no settings: entries, those that `*` repeats counted each time, and bytes.
MOST_ENTRIES, MOST_BYTES = 100_000, 2_000_000


class _Loader(yaml.SafeLoader):
    """YAML as people expect it: ``on`` and ``no`` are words, ``10:30`` and days are as written."""


_KEPT = ("null", "merge")
_PLAIN = {
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "int": r"^[-+]?(?:0|[1-9][0-9]*)$",
    "float": r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+)$",
}
_Loader.yaml_implicit_resolvers = {
    letter: [each for each in resolvers if each[0].rpartition(":")[2] in _KEPT]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _name, _pattern in _PLAIN.items():
    _text, _first = _pattern if isinstance(_pattern, tuple) else (_pattern, "-+.0123456789")
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_text), list(_first))


class SettingsFileError(ExplainedError):
    """A settings file cannot be read or says something wrong; the text names every place."""


class SettingsFile:
    """What a YAML file says, and on which line it says it.

    Attributes:
        path: The file.
        content: Its mapping at the top.
        lines: Line number of each entry, by the keys that lead to it.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SettingsFileError: It is not there, not YAML, has a key twice or no keys at all.
        """
        self.path = path
        try:
            if (size := path.stat().st_size) > MOST_BYTES:
                raise SettingsFileError(f"{path} has {size:,} bytes: that is no settings file.")
            loader = _Loader(path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as problem:
            raise SettingsFileError(
                f"{path} is not in UTF-8 ({problem.reason} at byte {problem.start}): save it so."
            ) from problem
        except (OSError, yaml.YAMLError) as problem:
            raise SettingsFileError(f"{path} cannot be read: {problem}") from problem
        try:
            node = loader.get_single_node()
            entries = islice(_lines(node, ()) if node else (), MOST_ENTRIES + 1)
            self.lines: dict[Place, int] = dict(entries)
            if len(self.lines) > MOST_ENTRIES:
                raise SettingsFileError(f"{path} has more than {MOST_ENTRIES:,} entries.")
            content = loader.construct_document(node) if node else None
        except yaml.MarkedYAMLError as problem:
            mark = problem.problem_mark
            where = f"{path}:{mark.line + 1}" if mark else str(path)
            raise SettingsFileError(f"{where}: this is not valid YAML: {problem.problem}") from (
                problem
            )
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as problem:
            said = str(problem).splitlines()[0]
            raise SettingsFileError(f"{path}: this cannot be read as settings: {said}") from problem
        finally:
            loader.dispose()
        if not isinstance(content, dict):
            raise SettingsFileError(f"{path} is empty or not a list of settings (name: value).")
        self.content: dict[str, Any] = content

    def where(self, place: Sequence[str | int]) -> str:
        """``file:line`` of an entry, or of the nearest one around it."""
        for end in range(len(place), 0, -1):
            if line := self.lines.get(tuple(place[:end])):
                return f"{self.path}:{line}"
        return f"{self.path}:1"

    def fault(self, place: Sequence[str | int], text: str) -> str:
        """One line on what is wrong with an entry."""
        return f"{self.where(place)}: {'.'.join(map(str, place))}: {text}"

    def faults(
        self,
        problem: ValidationError,
        keys_at: Callable[[Place], Iterable[str]],
        unquoted: str | None = None,
    ) -> list[str]:
        """What a validation found, a line each.

        Args:
            problem: What pydantic found in `content`.
            keys_at: The settings there are at a place of the file, to tell what was meant.
            unquoted: The key below which nothing is quoted: a secret may stand there by mistake.
        """
        found: dict[str, None] = {}
        for error in problem.errors():
            place = self._written(error["loc"], missing=error["type"] == "missing")
            if error["type"] == "extra_forbidden":
                text = f"there is no such setting{suggestion(str(place[-1]), keys_at(place[:-1]))}"
            elif error["type"] == "missing":
                text = "this is missing"
            elif error["type"] == "union_tag_not_found":
                text = f"{error['ctx']['discriminator'].strip(chr(39))} is missing"
            elif error["type"] == "union_tag_invalid":
                text = f"{error['ctx']['tag']!r} is not one of {error['ctx']['expected_tags']}"
            elif error["type"] == "value_error":
                text = str(error["ctx"]["error"])
            elif place[:1] == (unquoted,):
                text = str(error["msg"])
            else:
                text = f"{error['msg']}; it says {str(error['input'])[:60]!r}"
            found[self.fault(place, text)] = None
        return list(found)

    def _written(self, place: Place, *, missing: bool) -> Place:
        """The place as the file has it: without the names that only pydantic knows."""
        written: Place = ()
        for part in place:
            if (*written, part) in self.lines:
                written = (*written, part)
        return (*written, place[-1]) if missing else written


def _lines(node: yaml.Node, place: Place) -> Iterable[tuple[Place, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[object] = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"'{key.value}' is there twice; write it once, with all below it",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
            below = (*place, key.value)
            yield below, key.start_mark.line + 1
            yield from _lines(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            below = (*place, number)
            yield below, value.start_mark.line + 1
            yield from _lines(value, below)


def suggestion(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?`` or the list of what there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there is: {', '.join(names)}" if names else ""
