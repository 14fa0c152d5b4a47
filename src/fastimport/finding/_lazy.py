"""Compiled: the source is _lazy.pyx."""

from fastimport._core import load

load(__name__)
