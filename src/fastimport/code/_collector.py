"""Compiled: the source is _collector.pyx."""

from fastimport._core import load

load(__name__)
