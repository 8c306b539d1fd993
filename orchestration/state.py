"""State: the small files by which a home remembers. All of them are written and read here.

A file is written beside its place, kept by the disk and put in place by its name: a kill or a power
cut leaves the old one or the new one, never a part. One that cannot be read all the same is said
and taken as not there: what it remembered is found again, or made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.progress import current

PRIVATE = 0o600
HASH_CHUNK = 1 << 20


def write_text(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Replace a file at once.

    Args:
        path: The file.
        text: What it is to say.
        mode: Who may read it, whatever the umask says.

    Raises:
        OSError: The disk is full or refuses; the file is as it was.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_json(path: Path, content: Mapping[str, Any], mode: int = PRIVATE) -> None:
    """Replace a file at once by JSON; arguments and errors as for `write_text`."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n", mode)


def parse_json(path: Path) -> dict[str, Any]:
    """Return what a file says.

    Raises:
        ValueError: It is not a JSON object in UTF-8.
        OSError: It is not there, or cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("it is not a JSON object")
    return content


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file says; nothing when it is not there or, which is said, not readable."""
    try:
        return parse_json(path)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        current().note(f"{path} cannot be read ({error}): it is taken as not there.")
        return {}


def sha256_of(file: Path) -> str:
    """Return the hash of a file's bytes."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder.

    Raises:
        OSError: The disk refuses. For a folder it may: not every file system can do that.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        if not path.is_dir():
            raise
