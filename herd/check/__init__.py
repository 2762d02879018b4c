"""Judge what a stack registers, what is deployed and what people hold in files, by the law in `policies`."""

from __future__ import annotations

from herd.check.verdict import Verdict, judge

__all__ = ["Verdict", "judge"]
