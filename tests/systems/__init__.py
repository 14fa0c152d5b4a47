"""Whole programs run twice, without and with fastimport: everything that can be observed must be equal."""
