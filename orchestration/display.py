"""What is shown while a run goes on: steps with a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from orchestration.progress import Recorder

# Without a terminal a long step says now and then that it is alive.
SECONDS_BETWEEN_LINES = 15


class TerminalDisplay(Recorder):
    """Steps that stay on the screen when done, and a bar for the one that runs."""

    def __init__(self, console: Console) -> None:
        """Show on the given console."""
        super().__init__()
        self.console = console
        self.progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[detail]}", style="dim"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self.task = None

    def __enter__(self) -> Self:
        """Start drawing."""
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing; the lines of the finished steps stay."""
        self.progress.stop()

    def step_started(self, title: str) -> None:
        """Show the step with a bar that does not know its length yet."""
        self.task = self.progress.add_task(title, total=None, detail="")

    def step_ended(self, title: str, seconds: float, *, succeeded: bool) -> None:
        """Replace the bar by one line."""
        if self.task is not None:
            self.progress.remove_task(self.task)
            self.task = None
        mark = "[green]✓[/]" if succeeded else "[red]✗[/]"
        self.console.print(f"{mark} {title} [dim]{seconds:.1f} s[/]", highlight=False)

    def advance(self, done: int, total: int, what: str = "") -> None:
        """Move the bar."""
        if self.task is not None:
            detail = f"{done}/{total} {what[:50]}" if total else what[:60]
            self.progress.update(self.task, completed=done, total=total or None, detail=detail)

    def message(self, text: str) -> None:
        """Show a line above the bar."""
        self.console.print(f"  {text}", style="dim", highlight=False, markup=False)


class PlainDisplay(Recorder):
    """Short lines, for logs and for screens that are not terminals."""

    def __init__(self, console: Console) -> None:
        """Show on the given console."""
        super().__init__()
        self.console = console
        self.last_line = 0.0
        self.title = ""

    def __enter__(self) -> Self:
        """Need nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Need nothing."""

    def step_started(self, title: str) -> None:
        """Say that the step starts."""
        self.title = title
        self.last_line = time.monotonic()
        self._line(f"{title} …")

    def step_ended(self, title: str, seconds: float, *, succeeded: bool) -> None:
        """Say how the step ended."""
        self._line(f"{title}: {'done' if succeeded else 'FAILED'} ({seconds:.1f} s)")

    def advance(self, done: int, total: int, what: str = "") -> None:
        """Say now and then how far the step is."""
        if time.monotonic() - self.last_line >= SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            count = f"{done}/{total} " if total else ""
            self._line(f"{self.title}: {count}{what}".rstrip())

    def message(self, text: str) -> None:
        """Say something."""
        self._line(text)

    def _line(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def make_display(console: Console, *, verbose: bool) -> TerminalDisplay | PlainDisplay:
    """Return the display that suits the screen; with all output on it, a bar would only disturb."""
    if console.is_terminal and not verbose:
        return TerminalDisplay(console)
    return PlainDisplay(console)
