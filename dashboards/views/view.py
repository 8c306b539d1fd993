"""What a view is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The filters that a view may follow.
SEGMENT, CSM, MONTH = "segment", "CSM", "month"
BY_ACCOUNT = (SEGMENT, CSM)
BY_MONTH = (SEGMENT, CSM, MONTH)


@dataclass(frozen=True)
class Figure:
    """One number of a headline.

    Attributes:
        title: What it is.
        value: The number, as people read it.
        change: How it has moved, and since when.
        source: Table and column whose description defines it.
        note: What to know when reading it: an open month, what is not in it.
    """

    title: str
    value: str
    change: str = ""
    source: tuple[str, str] | None = None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of text.

    Attributes:
        columns: The titles; one that begins with > is of numbers, which stand to the right.
        rows: The cells, as people read them.
        shown: How many rows a page of limited length shows; all without it.
        exact: The rows as the tables have them, with every digit, for who goes on with them.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    shown: int | None = None
    exact: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(
        cls,
        rows: Sequence[Mapping[str, Any]],
        columns: Sequence[tuple[str, str, Callable[[Any], str]]],
        shown: int | None = None,
    ) -> Table:
        """Return the table of rows whose cells are each made of one column.

        Args:
            rows: The rows.
            columns: Title, name and how people read it.
            shown: As of the table.
        """
        cells = [[read(row[name]) for _, name, read in columns] for row in rows]
        return cls([title for title, *_ in columns], cells, shown, rows)


@dataclass(frozen=True)
class Chart:
    """A drawing.

    Attributes:
        drawing: What is drawn, as Vega-Lite has it.
        says: What it shows, for who cannot see it.
    """

    drawing: Mapping[str, Any]
    says: str


@dataclass(frozen=True)
class View:
    """One answer.

    Attributes:
        key: Its anchor on a page.
        title: What it shows.
        question: The question it answers.
        sources: The tables it is read from.
        figures: Its headline.
        sentences: What it says in words.
        chart: A drawing.
        table: The rows behind it.
        is_table_folded: Whether the table is the numbers of the chart, shown when asked for.
        nothing: What to say when there is nothing to show.
        notes: What is missing, or open.
        follows: The filters that it follows; of the others it says that it does not.
    """

    key: str
    title: str
    question: str
    sources: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    sentences: tuple[str, ...] = ()
    chart: Chart | None = None
    table: Table | None = None
    is_table_folded: bool = False
    nothing: str = ""
    notes: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        has_rows = self.table is not None and bool(self.table.rows)
        return not (self.figures or self.sentences or self.chart or has_rows)
