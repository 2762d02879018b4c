"""Files that people hand in: read within limits, or refused with the reason."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from components.base.problems import InvalidInputError

STDIN: Final = "-"
# JSON is read at 100 MB/s into four times its size of memory; the largest deployments known have some 100 MB.
MOST_BYTES: Final = 256_000_000
_LOOK: Final = 8192
_GZIP: Final = b"\x1f\x8b"
_KINDS: Final = {
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "compressed (zstd)",
}


@dataclass(frozen=True)
class Source:
    """The text of a file.

    Attributes:
        shown: The file's name as the person knows it.
        text: All of it.
    """

    shown: str
    text: str


def read(name: str) -> Source:
    """Read a file, or standard input for `-`.

    Raises:
        InvalidInputError: It is missing, a folder, unreadable, too large, empty or not text.
    """
    shown = "<stdin>" if name == STDIN else name
    if not name:
        raise InvalidInputError.one("a file without a name", fix="name one, or - for standard input")
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise InvalidInputError.one("is closed: there is nothing to read", file=shown)
            data = _read(sys.stdin.buffer, shown)
        else:
            with Path(name).open("rb") as stream:
                data = _read(stream, shown)
    except IsADirectoryError:
        raise InvalidInputError.one("is a folder", file=shown, fix=f"name its files: --file {shown}/*.yaml") from None
    except FileNotFoundError:
        raise InvalidInputError.one("no such file", file=shown) from None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        raise InvalidInputError.one(f"can't be read: {said or error}", file=shown) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidInputError.one("isn't UTF-8 text", file=shown, line=line, fix="save it as UTF-8") from None
    if not text.strip():
        raise InvalidInputError.one("is empty: there is nothing to judge", file=shown)
    return Source(shown, text)


def _read(stream: BinaryIO, shown: str) -> bytes:
    """A file's bytes, unpacked: backends of one's own may keep checkpoints in gzip."""
    head = stream.read(_LOOK)
    if head.startswith(_GZIP):
        packed = head + stream.read(MOST_BYTES)
        try:
            head = _unpacked(packed)
        except (OSError, EOFError, zlib.error):
            raise InvalidInputError.one("isn't text: it is gzip that can't be unpacked", file=shown) from None
    kind = next((kind for magic, kind in _KINDS.items() if head.startswith(magic)), None)
    # UTF-16 has a NUL beside each letter: said as what it is by the decoder.
    if kind or (b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))):
        raise InvalidInputError.one(
            f"isn't text: it is {kind or 'binary'}", file=shown, fix="unpack it first" if kind else ""
        )
    rest = stream.read(MOST_BYTES - len(head) + 1)
    if len(head) + len(rest) > MOST_BYTES:
        raise InvalidInputError.one(
            f"is larger than {MOST_BYTES:,} bytes, the most that is read", file=shown, fix="split it"
        )
    return head + rest


def _unpacked(packed: bytes) -> bytes:
    """What gzip holds, as far as one byte beyond what is read: small files may unpack to no end."""
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
        return stream.read(MOST_BYTES + 1)
