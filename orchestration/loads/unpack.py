"""From the file as delivered to plain UTF-8: unpacked, and decoded from another encoding."""

from __future__ import annotations

import codecs
import gzip
import re
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from orchestration.loads.files import InputFile
from orchestration.loads.model import EmptyFileError, FileError
from orchestration.loads.settings import FileSettings

CHUNK = 4 * 1024 * 1024
SAMPLE = 256 * 1024
# Encodings of Western texts; of those that read as many letters, the first is the likely one.
WESTERN = ("cp1252", "cp1250", "mac-roman", "cp850")
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def plain_copy(file: InputFile, folder: Path, name: str, reading: FileSettings) -> Path:
    """The file as plain text in UTF-8 (Parquet: as it is), below `folder` where it is not so yet.

    Raises:
        FileError: It is damaged, or its bytes are not of the encoding that is said.
    """
    path = _in_utf8(file, folder, name, reading)
    if reading.escape is None or file.format != "csv":
        return path
    target = folder / f"quoted.{name}"
    _double_quotes(path, target)
    return target


def _in_utf8(file: InputFile, folder: Path, name: str, reading: FileSettings) -> Path:
    path = unpacked(file, folder / name)
    if path.stat().st_size == 0:
        raise EmptyFileError("the file is empty; export it again")
    if file.format == "parquet":
        return path
    with path.open("rb") as stream:
        mark = stream.read(3)
    encoding = "utf-16" if mark.startswith(UTF16) else reading.encoding
    if mark == codecs.BOM_UTF8 or encoding is None or codecs.lookup(encoding).name == "utf-8":
        return path
    target = folder / f"utf8.{name}"
    _decode(path, target, encoding)
    return target


def unpacked(file: InputFile, target: Path) -> Path:
    """Unpack a gzip file or the member of an archive; a half-written one is a file problem."""
    try:
        if file.part is not None:
            with zipfile.ZipFile(file.path) as archive, archive.open(file.part) as packed:
                return _copied(gzip.open(packed) if file.gzipped else packed, target)
        if file.gzipped:
            with gzip.open(file.path, "rb") as packed:
                return _copied(packed, target)
    except UnicodeDecodeError as problem:
        raise FileError(
            "the zip file has names that are not UTF-8; pack it anew, or unpack it"
        ) from problem
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as problem:
        kind = "gzip" if file.gzipped else "zip"
        raise FileError(
            f"the {kind} file cannot be unpacked ({problem}); it is damaged or was not written to "
            "its end. Export it again"
        ) from problem
    except (RuntimeError, NotImplementedError) as problem:
        raise FileError(
            f"the zip file cannot be unpacked ({problem}); pack it without a password, or unpack it"
        ) from problem
    return file.path


def _copied(packed: IO[bytes], target: Path) -> Path:
    with target.open("wb") as plain:
        shutil.copyfileobj(packed, plain, CHUNK)
    return target


def _double_quotes(path: Path, target: Path) -> None:
    r"""Write a quote behind a backslash as two quotes, and two backslashes as one."""
    with path.open("rb") as source, target.open("wb") as plain:
        rest = b""
        while chunk := source.read(CHUNK):
            data = rest + chunk
            # A last backslash that no other one precedes belongs to what comes next.
            is_open = (len(data) - len(data.rstrip(b"\\"))) % 2
            rest = b"\\" if is_open else b""
            whole = data[:-1] if is_open else data
            plain.write(re.sub(rb'\\(["\\])', _doubled, whole))
        plain.write(rest)


def _doubled(escaped: re.Match[bytes]) -> bytes:
    return b'""' if escaped[1] == b'"' else escaped[1]


def _decode(path: Path, target: Path, encoding: str) -> None:
    """Write the text as UTF-8; say which line is not of the encoding, or that it is UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as plain:
        while True:
            chunk = source.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as problem:
                line += problem.object[: problem.start].decode(encoding, "replace").count("\n")
                raise FileError(
                    f"line {line} is not valid {encoding}, which the mapping says the file is; "
                    f"{encoding_advice(path)}"
                ) from problem
            plain.write(text)
            line += text.count("\n")
            if not chunk:
                break
    if is_utf8(path):
        raise FileError(
            f"the file is UTF-8, and the mapping says that it is {encoding}: as such it would read "
            "wrong letters. Say encoding: utf-8 for this file"
        )


def is_utf8(path: Path) -> bool:
    """Whether the bytes are UTF-8 and hold other letters than those of ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            is_ascii = is_ascii and chunk.isascii()
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
    return not is_ascii


def likely_encoding(path: Path) -> str | None:
    """The encoding the bytes of a text file seem to be in; None when nothing fits."""
    with path.open("rb") as stream:
        sample = stream.read(SAMPLE)
    if sample.startswith(UTF16):
        return "utf-16"
    if b"\x00" in sample:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    if is_utf8(path) or sample.isascii():
        return "utf-8"
    letters = sum(byte > 127 or chr(byte).isalpha() for byte in sample)
    if sum(byte > 127 for byte in sample) > 0.4 * letters:
        # Few letters are ASCII: Cyrillic, Greek, Japanese …, of which there is enough to guess by.
        best = from_bytes(sample).best()
        return best.encoding.replace("_", "-") if best else None
    return max(WESTERN, key=lambda name: _letters(sample, name))


def _letters(sample: bytes, encoding: str) -> int:
    read = sample.decode(encoding, "replace")
    return sum(1 if letter.isalpha() else -1 for letter in read if not letter.isascii())


def encoding_advice(path: Path) -> str:
    """What to do about a text that is not of its encoding."""
    likely = likely_encoding(path)
    if likely is None:
        return "save the file as UTF-8"
    return f"it seems to be {likely}: say encoding: {likely} in mapping.yml, or save it as UTF-8"
