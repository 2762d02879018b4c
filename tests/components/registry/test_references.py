"""An image reference without a digest is refused, and the message says so."""

import pytest

from components.registry.references import Reference, parse

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"nvcr.io/nvidia/cuda@sha256:{HEX}", Reference("nvcr.io", "nvidia/cuda", f"sha256:{HEX}")),
        (f"nvcr.io/a/b:25.10-py3@sha256:{HEX}", Reference("nvcr.io", "a/b", f"sha256:{HEX}", "25.10-py3")),
        (f"r.example.com:5000/a@sha256:{HEX}", Reference("r.example.com:5000", "a", f"sha256:{HEX}")),
        ("quay.io/a/b:v1@unresolved", Reference("quay.io", "a/b", "unresolved", "v1")),
    ],
)
def test_what_is_pinned(text, expected):
    assert parse(text) == expected
    assert str(parse(text)) == text
    assert parse(text).resolved is (expected.digest != "unresolved")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nvcr.io/nvidia/cuda:12.9", "not pinned by digest"),
        ("nvcr.io/nvidia/cuda", "not pinned by digest"),
        (f"nvidia/cuda@sha256:{HEX}", "not a full reference"),
        (f"nvcr.io/nvidia/cuda@sha256:{HEX.upper()}", "lower-case"),
        (f"nvcr.io/nvidia/cuda@sha256:{HEX[:-1]}", "64 hex digits"),
        (f"nvcr.io/nvidia/cuda@sha512:{HEX}", "not a full reference"),
        (f"nvcr.io/NVIDIA/cuda@sha256:{HEX}", "not a full reference"),
        (f"nvcr.io/a;rm@sha256:{HEX}", "not a full reference"),
        (f"nvcr.io/a@sha256:{HEX}\n", "not a full reference"),
    ],
)
def test_what_is_not(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)
