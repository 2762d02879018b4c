"""Doctor: what this machine has, what each missing thing would enable, and how to get it."""

from herd.doctor.checks import CHECKS, Check, Finding, examine
from herd.doctor.machine import Machine

__all__ = ["CHECKS", "Check", "Finding", "Machine", "examine"]
