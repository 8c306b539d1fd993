"""A whole refresh at any size: time, rows and peak memory of each step.

    uv run python -m benchmarks.scale --scale 20        # 8,000 accounts, about 50 million events

The home is thrown away afterwards unless `--home` names one to keep.
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path

import duckdb

from orchestration.home import Home, claim
from orchestration.lock import home_lock
from orchestration.progress import Recorder
from orchestration.refresh import refresh


def resident_bytes(root: int) -> int:
    """Resident memory of a process and all below it, bytes; 0 where /proc is not there."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            pages[int(folder.name)] = int((folder / "statm").read_text().split()[1])
        except (OSError, ValueError):
            continue  # the process ended while it was looked at
        children.setdefault(parent, []).append(int(folder.name))
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        total += pages.get(process, 0)
        waiting += children.get(process, [])
    return total * os.sysconf("SC_PAGE_SIZE")


class MeasuringRecorder(Recorder):
    """Notes the highest memory seen during each step."""

    def __init__(self) -> None:
        """Start to look, five times a second."""
        super().__init__()
        self.peaks: dict[str, int] = {}
        self._running: list[str] = []
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._stopped.wait(0.2):
            seen = resident_bytes(os.getpid())
            for title in self._running[-1:]:
                self.peaks[title] = max(self.peaks.get(title, 0), seen)

    def step_started(self, title: str) -> None:
        """Attribute what is seen from now on to this step."""
        print(f"{time.strftime('%H:%M:%S')} {title} …", flush=True)
        self._running.append(title)

    def step_ended(self, title: str, seconds: float, *, succeeded: bool) -> None:
        """Attribute what is seen to the step around it again."""
        self._running.remove(title)

    def stop(self) -> None:
        """Look no longer."""
        self._stopped.set()


def table_rows(warehouse: Path) -> dict[str, int]:
    """Rows per schema of the warehouse, from the catalog's estimates."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select schema_name, sum(estimated_size) from duckdb_tables() group by 1 order by 1"
        ).fetchall()
    return {schema: int(count) for schema, count in rows}


def measure(home: Home, scale: float) -> bool:
    """Refresh the home's demo company and print what each step took.

    Returns:
        Whether the refresh published.
    """
    recorder = MeasuringRecorder()
    with home_lock(home):
        claim(home, scale=scale)
        result = refresh(home, recorder)
    recorder.stop()
    print(f"\n{'step':40} {'seconds':>9} {'peak MiB':>9}")
    for step in result.record.steps:
        peak = recorder.peaks.get(step.title, 0) / 2**20
        print(f"{step.title:40} {step.seconds:9.1f} {peak:9.0f}")
    print(
        f"{'all':40} {result.seconds:9.1f} {max(recorder.peaks.values(), default=0) / 2**20:9.0f}"
    )
    print(f"\n{'schema':40} {'rows':>15}")
    for schema, rows in table_rows(home.warehouse).items():
        print(f"{schema:40} {rows:15,}")
    for step, reason in result.failures.items():
        print(f"\nfailed: {step}: {reason}")
    return result.succeeded


def main() -> None:
    """Read the arguments and measure one refresh."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=20, help="1 is about 2.5 million events")
    parser.add_argument("--home", type=Path, help="keep the company in this folder")
    arguments = parser.parse_args()
    if arguments.home:
        succeeded = measure(Home(arguments.home), arguments.scale)
    else:
        with tempfile.TemporaryDirectory(prefix="csw-scale-") as folder:
            succeeded = measure(Home(Path(folder)), arguments.scale)
    raise SystemExit(0 if succeeded else 1)


if __name__ == "__main__":
    main()
