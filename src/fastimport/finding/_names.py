"""Compiled: the source is _names.pyx."""

from fastimport._core import load

load(__name__)
