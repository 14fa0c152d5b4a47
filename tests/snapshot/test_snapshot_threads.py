"""One snapshot, many threads: every import is right, and blocks of tables are read once or twice, never wrongly."""

import os
import sys
import threading

import pytest
from support import plant
from support.snapshots import in_use, reader_of, settle

import fastimport


@pytest.mark.parametrize("level", ["checked", "trusted", "frozen"])
def test_parallel_look_ups_and_code(root, level):
    plant(root, {f"p{i}": {f"m{j}.py": f"X = {i}, {j}" for j in range(30)} for i in range(30)})
    settle()
    path = [os.path.join(root, f"p{i}") for i in range(30)]
    fastimport.install(freshness=level)
    wrong, barrier = [], threading.Barrier(8)

    def work(shift):
        barrier.wait()
        for turn in range(900):
            i, j = divmod((turn * 7 + shift * 113) % 900, 30)
            spec = fastimport.PathFinder.find_spec(f"m{j}", [path[i]])
            namespace = {}
            exec(spec.loader.get_code(f"m{j}"), namespace)
            if namespace["X"] != (i, j) or fastimport.PathFinder.find_spec(f"m{j}", path).origin != f"{path[0]}/m{j}.py":
                wrong.append((i, j))

    try:
        with in_use(reader_of(path), level) as reader:
            threads = [threading.Thread(target=work, args=(shift,)) for shift in range(8)]
            interval = sys.getswitchinterval()
            sys.setswitchinterval(1e-5)
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            sys.setswitchinterval(interval)
            assert wrong == [] and reader.damaged == 0
            assert reader.codes_used == 8 * 900
    finally:
        fastimport.uninstall()
