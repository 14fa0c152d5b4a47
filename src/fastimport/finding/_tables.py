"""Compiled: the source is _tables.pyx."""

from fastimport._core import load

load(__name__)
