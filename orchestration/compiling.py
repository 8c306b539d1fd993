"""Compiles one analysis and prints its SQL; run as a process of its own by `csw query`.

    python -m orchestration.compiling <manifest> <target folder> <name> <vars as JSON>

The manifest is dbt's partial parse, so the project is not read again. dbt keeps the warehouse open
as long as its process lives, and DuckDB lets a process open a file only once.
"""

import sys
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest


def main() -> int:
    """Print the SQL, or on standard error why there is none."""
    manifest, target, name, settings = sys.argv[1:]
    done = dbtRunner(manifest=Manifest.from_msgpack(Path(manifest).read_bytes())).invoke(
        [
            *("--log-level", "none", "--log-level-file", "none"),
            *("compile", "--select", name, "--vars", settings),
            # The warehouse is open for reading only.
            *("--target", "query", "--target-path", target),
        ]
    )
    if not done.success:
        reasons = [str(node.message) for node in getattr(done.result, "results", ())]
        print(done.exception or " ".join(reasons), file=sys.stderr)
        return 1
    print(done.result.results[0].node.compiled_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
