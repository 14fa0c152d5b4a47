"""Compiled: the source is _templates.pyx."""

from fastimport._core import load

load(__name__)
