"""What having fastimport costs a program that imports nothing else."""

import pytest

from fastimport.diagnosis.bench import launcher, measure

VARIANTS = [launcher.STOCK, *map(launcher.variant_for_level, launcher.LEVELS)]


@pytest.mark.parametrize("variant", VARIANTS, ids=[variant.name for variant in VARIANTS])
def test_python_that_does_nothing(benchmark, variant):
    """A whole process: subtract the one without to get the cost of import and install."""
    command = launcher.command(launcher.Program("code", "pass"), variant)
    environment = launcher.environment(variant)
    benchmark.group = "python -c pass"
    benchmark.pedantic(measure.run_once, (command, environment), rounds=25, warmup_rounds=2)
