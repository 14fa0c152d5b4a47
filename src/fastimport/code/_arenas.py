"""Compiled: the source is _arenas.pyx."""

from fastimport._core import load

load(__name__)
