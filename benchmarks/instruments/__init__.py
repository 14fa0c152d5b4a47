"""What the benchmarks measure with: applications, slow file systems, conditions, results. Nothing here is run by itself.

The programs are measured with bytecode, as an installer leaves them, also in a shell that forbids to write it.
"""

import os

for _name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
    os.environ.pop(_name, None)
