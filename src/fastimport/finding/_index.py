"""Compiled: the source is _index.pyx."""

from fastimport._core import load

load(__name__)
