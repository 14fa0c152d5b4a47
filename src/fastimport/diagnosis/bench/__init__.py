"""A program's start-up with and without fastimport, measured so that the answer can be trusted.

One file per leg: `launcher` (what a child interpreter runs), `plan` (in which order, how often), `measure` (one run),
`counting` (what repeats exactly), `identity` (did both sides import the same?), `statistics` (what may be concluded),
`session` (all of it in order), and `report`, `pyperf_json`, `svg` (how it is told).
"""
