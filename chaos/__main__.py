"""Command line of the chaos."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from chaos.companies import Company, DemoCompany, SmallCompany
from chaos.faults import FAULTS
from chaos.kills import Kills
from chaos.place import Place
from chaos.tally import TITLES, Tally
from orchestration.start import stop_when_asked

NO_FAULT = "none"


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m chaos",
        description="Kill refreshes and put faults in their way; compare with an undisturbed home.",
    )
    parser.add_argument("--company", choices=("small", "demo"), default="small")
    parser.add_argument("--scale", type=float, default=0.02, help="size of the demo company")
    parser.add_argument("--kills", type=int, default=200, help="how many refreshes are killed")
    parser.add_argument("--seed", type=int, default=1, help="where they are killed, and how")
    parser.add_argument(
        "--fault",
        action="append",
        choices=[*FAULTS, NO_FAULT],
        help="only these, repeatable (default: all)",
    )
    parser.add_argument("--days", type=int, default=40, help="days that are slept through")
    parser.add_argument("--markdown", type=Path, help="write the table to this file, too")
    return parser.parse_args(given)


def _say(text: str) -> None:
    print(text, flush=True)


def main(given: list[str] | None = None) -> int:
    """Try everything, and say what came of it; 0 when nothing was lost."""
    arguments = _arguments(given)
    started = time.monotonic()
    with TemporaryDirectory(prefix="csw_chaos_") as folder:
        root = Path(folder)
        company: Company = (
            SmallCompany(root / "files")
            if arguments.company == "small"
            else DemoCompany(arguments.scale)
        )
        tallies, reads = _try(arguments, company, root)
    minutes = (time.monotonic() - started) / 60
    _say("")
    for tally in tallies:
        _say(tally.line())
    sound = all(tally.is_sound for tally in tallies)
    _say(
        f"{sum(tally.tried for tally in tallies)} faults, {reads:,} reads between kills, "
        f"seed {arguments.seed}, "
        f"{minutes:.0f} minutes: {'nothing lost' if sound else 'NOT SURVIVED'}"
    )
    if arguments.markdown:
        titles = " | ".join(("fault", *TITLES))
        rows = [f"| {titles} |", "|---" * (len(TITLES) + 1) + "|", *(t.row() for t in tallies)]
        arguments.markdown.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return 0 if sound else 1


def _try(arguments: argparse.Namespace, company: Company, root: Path) -> tuple[list[Tally], int]:
    chance = random.Random(arguments.seed)
    kills = Kills(company, root, chance, _say)
    reads = kills.run(arguments.kills) if arguments.kills else 0
    tallies = [tally for tally in kills.tallies.values() if tally.tried]
    if kills.steps:
        _say("killed in: " + ", ".join(f"{step} {n}" for step, n in kills.steps.items()))
    chosen = {name: FAULTS[name] for name in arguments.fault or FAULTS if name != NO_FAULT}
    (root / "faults").mkdir()
    place = Place(company, root / "faults", chance, arguments.days)
    for name, fault in chosen.items():
        try:
            tally = fault(place)
        except Exception as error:
            tally = Tally(name, tried=1, notes=[f"could not be tried to its end: {error}"])
        _say(tally.line())
        for note in tally.notes:
            _say(f"    {note}")
        tallies.append(tally)
    return tallies, reads


if __name__ == "__main__":
    os.nice(5)
    # In the background of a script Ctrl-C is ignored, and so it would be by what this starts.
    stop_when_asked()
    sys.exit(main())
