"""A folder as a target: the Parquet files of the publication, switched at once.

Each publication has a folder of its own; `manifest.json` names the one in force, and so does the
link `current`. Both are replaced by their names. A reader that has files of the old one open goes
on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orchestration.progress import current
from orchestration.publish import KEPT, MANIFEST
from orchestration.state import parse_json, sha256_of, sync, write_json
from orchestration.targets.alone import alone
from orchestration.targets.source import Outcome, Source, TargetError

LINK = "current"
LOCK = ".csw.lock"
MARK, MADE_BY = "made_by", "csw publish"
READABLE, FOLDER = 0o644, 0o755
# Of files that stay in the home.
NOT_HERE = ("database", "database_sha256", "report", "quality")


def fill_folder(source: Source, folder: Path, *, again: bool) -> Outcome:
    """Copy the Parquet files of a publication to a folder.

    Args:
        source: The publication.
        folder: The folder; it is made when it is not there.
        again: Copy also what is there already.

    Raises:
        TargetError: The folder holds something else, or a published file is damaged.
    """
    publication = source.publication
    _refuse_home(source, folder)
    with _locked(folder):
        said = _said(folder, publication.company)
        target = folder / publication.run_id
        if not again and said.get("run_id") == publication.run_id and _is_whole(target, source):
            # Of one that was killed in between.
            _point(folder, target)
            return Outcome(str(folder), was_there=True)
        kept = [name for name in said.get("kept", []) if name != target.name]
        kept.append(target.name)
        if said:
            # Before it is there, so that one that is killed leaves nothing that is kept for ever.
            write_json(folder / MANIFEST, {**said, "kept": kept}, READABLE)
        _copy(source, folder / f".{target.name}.tmp", target)
        content = {MARK: MADE_BY, "kept": kept[-KEPT:], **asdict(publication)}
        content["parquet"] = target.name
        for name in NOT_HERE:
            del content[name]
        write_json(folder / MANIFEST, content, READABLE)
        _point(folder, target)
        for old in kept[:-KEPT]:
            shutil.rmtree(folder / old, ignore_errors=True)
    return Outcome(str(folder))


def _copy(source: Source, temporary: Path, target: Path) -> None:
    """Copy the files beside their place, and put them there when the disk holds all of them."""
    old = temporary.with_suffix(".old")
    for left in (temporary, old):
        # Of one that was killed: the lock is ours.
        shutil.rmtree(left, ignore_errors=True)
    temporary.mkdir()
    try:
        files = source.folder / source.publication.parquet
        marts = source.publication.marts
        for number, (name, table) in enumerate(marts.items(), start=1):
            current().advance(number, len(marts), name)
            file = temporary / f"{name}.parquet"
            shutil.copyfile(files / file.name, file)
            if sha256_of(file) != table.sha256:
                raise TargetError(
                    f"{files / file.name} is not as it was published: its hash is another than "
                    f"the manifest's. `csw refresh` publishes anew; {target.parent} is unchanged."
                )
            sync(file)
        temporary.chmod(FOLDER)
        sync(temporary)
        if target.exists():
            target.replace(old)
        temporary.replace(target)
        sync(target.parent)
    finally:
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)


def _refuse_home(source: Source, folder: Path) -> None:
    published = source.folder.resolve()
    if published in (folder.resolve(), *folder.resolve().parents):
        raise TargetError(f"{folder} is where the home publishes: give another folder.")
    if folder.exists() and not folder.is_dir():
        raise TargetError(f"{folder} is a file, not a folder: give another one.")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(FOLDER)
    with alone(folder / LOCK, folder):
        yield


def _said(folder: Path, company: str) -> dict[str, Any]:
    """Return what the folder says of itself, if it is a target of this company, or free."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return {}
    try:
        said = parse_json(manifest)
    except ValueError:
        said = {}
    if said.get(MARK) != MADE_BY:
        raise TargetError(
            f"{manifest} was not written by `csw publish`: give another folder. Nothing was copied."
        )
    if said.get("company") != company:
        raise TargetError(
            f"{folder} holds the tables of {said.get('company')}, not of {company}: give another "
            "folder."
        )
    return said


def _is_whole(target: Path, source: Source) -> bool:
    return all(
        (file := target / f"{name}.parquet").is_file() and sha256_of(file) == table.sha256
        for name, table in source.publication.marts.items()
    )


def _point(folder: Path, target: Path) -> None:
    """Make the link name the folder; where links cannot be made, the manifest has to do."""
    temporary = folder / f".{LINK}.tmp"
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(target.name)
        temporary.replace(folder / LINK)
    except (OSError, NotImplementedError):
        temporary.unlink(missing_ok=True)
        current().note(
            f"{folder / LINK} cannot be a link here: read the folder that {MANIFEST} names."
        )
    sync(folder)
