"""What came of a fault: a line for each."""

from __future__ import annotations

from dataclasses import dataclass, field

from chaos.running import Ended

TITLES = ("tried", "survived", "rows lost", "mixed reads", "manual steps", "tracebacks")


@dataclass
class Tally:
    """Counts of one fault.

    Attributes:
        fault: What was done.
        tried: How often.
        survived: How often everything was as it should be.
        rows_lost: Rows that an undisturbed home has and this one has not.
        mixed: Reads of what was no single publication.
        manual: How often the next plain refresh did not put it right.
        tracebacks: Commands that showed one, or an error that the program does not know.
        notes: What was wrong, in words.
        skipped: Why it could not be tried on this machine.
    """

    fault: str
    tried: int = 0
    survived: int = 0
    rows_lost: int = 0
    mixed: int = 0
    manual: int = 0
    tracebacks: int = 0
    notes: list[str] = field(default_factory=list)
    skipped: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost, mixed, left to a person, or shown as a traceback."""
        return self.tried == self.survived and not self.notes

    @property
    def numbers(self) -> tuple[int, ...]:
        """The counts, in the order of the titles."""
        return (
            self.tried,
            self.survived,
            self.rows_lost,
            self.mixed,
            self.manual,
            self.tracebacks,
        )

    def said(self, ended: Ended) -> bool:
        """Count a traceback; whether there was none."""
        if ended.has_traceback:
            self.tracebacks += 1
            self.notes.append(f"a traceback or unknown error:\n{ended.output[-2000:]}")
        return not ended.has_traceback

    def line(self) -> str:
        """One line for people."""
        if self.skipped:
            return f"{self.fault:<58} not tried: {self.skipped}"
        cells = (f"{title} {count}" for title, count in zip(TITLES, self.numbers, strict=True))
        return f"{self.fault:<58} " + ", ".join(cells)

    def row(self) -> str:
        """One row of a Markdown table."""
        cells = [self.skipped and "-"] * len(TITLES) if self.skipped else map(str, self.numbers)
        return f"| {self.fault} | " + " | ".join(cells) + " |"
