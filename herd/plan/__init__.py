"""The plan: what a run does or did, step by step, folded from engine events of either engine."""

from herd.plan.model import Plan, PropertyChange, Step

__all__ = ["Plan", "PropertyChange", "Step"]
