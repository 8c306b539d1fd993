"""Where `csw` begins: whoever presses Ctrl-C while Python still loads sees no traceback either."""

import signal
import sys

# As shells say of a command that was interrupted.
INTERRUPTED = 130


def stop_when_asked() -> None:
    """Let SIGTERM and Ctrl-C stop a command, also one that a script started with `&`.

    A shell lets such a job ignore SIGINT, and Dagster treats SIGTERM as it finds SIGINT treated:
    whoever ended the refresh by `kill` would be ignored, too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> None:
    """Run the command line."""
    stop_when_asked()
    try:
        from orchestration.cli import app  # noqa: PLC0415

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
