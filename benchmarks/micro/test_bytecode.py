"""``get_code`` of a source module whose bytecode is valid: open, check, read, unmarshal, beside importlib."""

import marshal
import py_compile

import generate
import pytest
from instruments import search_paths

SIZES = {"small": 1, "large": 40}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """A directory with one module of each size, and their bytecode."""
    directory = tmp_path_factory.mktemp("compiled")
    for name, times in SIZES.items():
        path = directory / f"{name}.py"
        path.write_text("\n".join(generate.MODULE.format(number=number) for number in range(times)))
        py_compile.compile(path, doraise=True)
    return str(directory)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", search_paths.SIDES)
def test_get_code(benchmark, compiled, side, size):
    benchmark.group = f"get_code, {size} module"
    with search_paths.active("importlib", [compiled]) as stock:
        wanted = stock.find_spec(size).loader.get_code(size)
    with search_paths.active(side, [compiled]) as finder:
        loader = finder.find_spec(size).loader
        assert loader.get_code(size) == wanted
        benchmark(loader.get_code, size)


@pytest.mark.parametrize("size", SIZES)
def test_unmarshal_alone(benchmark, compiled, size):
    """The floor of the above: what no loader can save."""
    benchmark.group = f"get_code, {size} module"
    with search_paths.active("importlib", [compiled]) as stock:
        content = marshal.dumps(stock.find_spec(size).loader.get_code(size))
    benchmark(marshal.loads, content)
