"""The graph of a stack: every resource a program registers, as plain values that everything offline works on."""

from herd.graph.model import Graph, Resource, Source
from herd.graph.symbols import SECRET, UNKNOWN, Symbol, symbols_in

__all__ = ["SECRET", "UNKNOWN", "Graph", "Resource", "Source", "Symbol", "symbols_in"]
