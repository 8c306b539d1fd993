"""Where `csw` begins: whoever presses Ctrl-C while Python still loads sees no traceback either."""

import sys

# As shells say of a command that was interrupted.
INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        from orchestration.cli import app  # noqa: PLC0415

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
