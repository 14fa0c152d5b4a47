"""A comparison in the file format of pyperf, so that ``pyperf compare_to`` and ``pyperf hist`` read it.

The format (``"version": "1.0"``) is a suite of benchmarks, each a list of runs; here each run is one fresh
interpreter with one value.  ``compare_to`` matches benchmarks of two files by name, so it wants one file per
variant, in which the benchmark is called after the program alone.
"""

from typing import Any

from fastimport.diagnosis.bench.session import Comparison, Side

FORMAT = "1.0"
PLACEHOLDER = "{variant}"


def files(comparison: Comparison, path: str) -> dict[str, dict[str, Any]]:
    """Return what to write where: one suite, or with ``{variant}`` in *path* one file for each variant."""
    if PLACEHOLDER not in path:
        return {path: suite(comparison)}
    parts = {}
    for side in comparison.sides:
        name = path.replace(PLACEHOLDER, side.name.replace(" ", "-"))
        parts[name] = _suite([_benchmark(comparison, side, comparison.program)])
    return parts


def suite(comparison: Comparison) -> dict[str, Any]:
    """Return all variants in one suite, as benchmarks named ``program [variant]``."""
    return _suite([_benchmark(comparison, side, f"{comparison.program} [{side.name}]") for side in comparison.sides])


def _suite(benchmarks: list[dict[str, Any]]) -> dict[str, Any]:
    return {"version": FORMAT, "benchmarks": benchmarks}


def _benchmark(comparison: Comparison, side: Side, name: str) -> dict[str, Any]:
    runs = [{"values": [value]} for value in side.seconds]
    return {"metadata": _metadata(comparison, side, name), "runs": runs}


def _metadata(comparison: Comparison, side: Side, name: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "unit": "second", "loops": 1, "fastimport_variant": side.name}
    metadata |= {f"fastimport_{key.replace(' ', '_')}": value for key, value in comparison.conditions.items()}
    if side.system_calls is not None:
        metadata["fastimport_system_calls"] = sum(side.system_calls.values())
    if side.instructions is not None:
        metadata["fastimport_instructions"] = side.instructions
    if side.peak_bytes is not None:
        metadata["mem_max_rss"] = side.peak_bytes
    return metadata
