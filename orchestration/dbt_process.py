"""dbt in a process that ends with the one that started it.

    python -m orchestration.dbt_process build …

The home's lock is held by the process that starts dbt. Should that be killed, dbt must not go on
writing the warehouse without the lock.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

STARTED_BY_VARIABLE = "CSW_STARTED_BY"
PR_SET_PDEATHSIG = 1
SECONDS_BETWEEN_LOOKS = 0.5


def end_with(parent: int) -> None:
    """Have this process killed when its parent ends.

    Linux does so itself. Elsewhere a thread looks whether the parent is still there.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    # It may have ended before anybody looked.
    if os.getppid() != parent:
        _end()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    _end()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run dbt's own command line."""
    end_with(int(os.environ[STARTED_BY_VARIABLE]))
    from dbt.cli.main import cli  # noqa: PLC0415

    sys.argv[0] = "dbt"
    cli()


if __name__ == "__main__":
    main()
