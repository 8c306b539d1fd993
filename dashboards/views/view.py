"""What a view is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
        left_out: How many more rows there are.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: int = 0


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
        chart: A drawing (SVG), and what it shows for who cannot see it.
        table: The rows behind it.
        is_table_folded: Whether the table is the numbers of the chart, shown when asked for.
        nothing: What to say when there is nothing to show.
        notes: What is missing, or open.
    """

    key: str
    title: str
    question: str
    sources: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    sentences: tuple[str, ...] = ()
    chart: tuple[str, str] | None = None
    table: Table | None = None
    is_table_folded: bool = False
    nothing: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        has_rows = self.table is not None and bool(self.table.rows)
        return not (self.figures or self.sentences or self.chart or has_rows)
