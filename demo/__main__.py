"""``python -m demo --home data --until 2025-12-31 --scale 1``."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from demo.company import FIRST_UNTIL, SEED, DemoError, generate


def main() -> int:
    """Generate the demo company from the command line."""
    parser = argparse.ArgumentParser(prog="demo", description="Generate the demo company.")
    parser.add_argument("--home", type=Path, required=True, help="folder of the company")
    parser.add_argument("--until", type=date.fromisoformat, default=FIRST_UNTIL)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 400 accounts")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    began = time.perf_counter()
    try:
        summary = generate(
            options.home,
            until=options.until,
            scale=options.scale,
            seed=options.seed,
            progress=lambda message: print(message, flush=True),
        )
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    for name, count in sorted(summary.rows.items()):
        if "/tracks/" not in name:
            print(f"{count:>12,}  {name}")
    print(f"{summary.events:>12,}  events in {len(summary.new_files)} new track files")
    print(f"{time.perf_counter() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
