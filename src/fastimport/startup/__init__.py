"""Measuring what a program's start-up costs, and reporting it."""
