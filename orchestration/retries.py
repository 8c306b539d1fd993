"""What may pass is tried again, later each time; what a file says does not change by waiting."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from orchestration.database import PASSING
from orchestration.errors import ExplainedError
from orchestration.loads import refusal_in
from orchestration.progress import current

# So many seconds are waited before each further try.
WAITS = (15, 60, 240)
# A file that is being replaced, a network disk or a server that is away.
PASSING_ERRORS = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOENT", "EAGAIN", "EBUSY", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH"),
        *("ENETDOWN", "ENETUNREACH", "ENETRESET", "ECONNREFUSED", "ECONNRESET", "ECONNABORTED"),
        *("EPIPE", "EREMOTEIO"),
    )
    if hasattr(errno, name)
)


def may_pass(error: BaseException) -> bool:
    """Whether the same may succeed in some minutes: somebody else's lock, server or network.

    A full disk or a missing right is of the machine as well, and waits for a person.
    """
    if isinstance(error, ExplainedError):
        return error.may_pass
    if isinstance(error, duckdb.OperationalError):
        return PASSING.search(str(error)) is not None
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    return isinstance(error, OSError) and error.errno in PASSING_ERRORS


@contextmanager
def trying_again(source: str, retry_number: int) -> Iterator[None]:
    """Load a source: have Dagster try again what may pass, and tell the rest.

    Args:
        source: What is loaded.
        retry_number: How often it was tried again already.

    Raises:
        dg.RetryRequested: It may succeed later.
        dg.Failure: It may not, or did not after all tries.
    """
    try:
        yield
    except Exception as error:
        known = error if isinstance(error, ExplainedError) else refusal_in(error)
        cause = known or root_cause(error)
        text = f"{source} could not be loaded: {type(cause).__name__}: {cause}"
        told = str(known) if known else text
        if may_pass(cause) and retry_number < len(WAITS):
            wait = WAITS[retry_number]
            current().note(f"{told}\nIt is tried again in {wait} seconds.")
            raise dg.RetryRequested(len(WAITS), seconds_to_wait=wait) from error
        tries = f" It was tried {retry_number + 1} times." if retry_number else ""
        raise dg.Failure(told + tries, allow_retries=False) from error


def root_cause(error: BaseException) -> BaseException:
    """Return the error that started a chain; dlt wraps what a source raised two or three times."""
    seen = {id(error)}
    while (inner := error.__cause__ or error.__context__) and id(inner) not in seen:
        error = inner
        seen.add(id(error))
    return error
