"""Compiled: the source is _stamps.pyx."""

from fastimport._core import load

load(__name__)
