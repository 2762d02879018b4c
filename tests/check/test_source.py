"""Files are read within limits, or refused with the reason."""

import gzip
import io
import sys

import pytest

from components.base.problems import InvalidInputError
from herd.check import source
from herd.check.source import read

REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "binary": (b"\x7fELF\0\0", "isn't text: it is binary"),
    "compressed": (b"\x28\xb5\x2f\xfd" + b"a: 1", "isn't text: it is compressed (zstd)"),
    "compressed and cut off": (gzip.compress(b"a: 1")[:-9], "gzip that can't be unpacked"),
    "compressed and broken": (b"\x1f\x8b" + b"a: 1", "gzip that can't be unpacked"),
    "compressed, of something else": (gzip.compress(b"\x7fELF\0\0"), "isn't text: it is binary"),
    "compressed and large": (gzip.compress(b"a" * 101), "is larger than 100 bytes"),
    "compressed and empty": (gzip.compress(b""), "is empty"),
    "utf-16": ("a: 1".encode("utf-16"), "isn't UTF-8 text"),
    "latin-1": ("a: 1\nb: ü".encode("latin-1"), ":2: isn't UTF-8 text"),
    "large": (b"a" * 101, "is larger than 100 bytes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MOST_BYTES", 100)
    data, words = REFUSED[case]
    path = tmp_path / "f.yaml"
    path.write_bytes(data)
    with pytest.raises(InvalidInputError) as caught:
        read(str(path))
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_checkpoint_of_a_backend_that_compresses(tmp_path):
    (tmp_path / "prod.json.gz").write_bytes(gzip.compress(b"{}"))
    assert read(str(tmp_path / "prod.json.gz")).text == "{}"


def test_gzip_that_is_put_together_is_read_to_its_end(tmp_path):
    (tmp_path / "a.yaml.gz").write_bytes(gzip.compress(b"a: 1\n") + gzip.compress(b"b: 2\n"))
    assert read(str(tmp_path / "a.yaml.gz")).text == "a: 1\nb: 2\n"


def test_a_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InvalidInputError, match="<stdin>: is closed"):
        read("-")


def test_a_file_without_a_name():
    with pytest.raises(InvalidInputError, match="a file without a name"):
        read("")


def test_what_is_no_file(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, words in (
        ("", "is a folder"),
        ("none", "no such file"),
        ("loop", "can't be read"),
        ("a\0b", "can't be read"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            read(str(tmp_path / name))


def test_a_device_without_end_is_no_trap():
    with pytest.raises(InvalidInputError, match="binary"):
        read("/dev/zero")


def test_standard_input_and_a_byte_order_mark(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfa: 1")))
    assert read("-") == source.Source("<stdin>", "a: 1")
