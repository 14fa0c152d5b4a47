#!/usr/bin/env bash
# pyccolo 0.0.96 and CPython 3.15: with a tracer active, a traced module can't be imported.
#
# While its loader runs, the package exchanges the code object of importlib's cache_from_source for that of a function of its own,
# to keep apart the bytecode of traced modules. Defaults belong to the function, not to its code: that of debug_override, which
# the code counts on, was importlib's, and 3.15 has the parameter no longer.
# Seen with CPython 3.15.2:
#     TypeError: cache_from_source() missing 1 required positional argument: 'debug_override'
# With 3.13.0 the same program prints "after Assign" and "1".
# PYTHON must be a 3.15 (default: python3.15 on PATH); without one nothing can be said, and the status is 2.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3.15}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 15))' || exit 2
mkdir "$work/program"
cd "$work/program"
python3 -m pip install --quiet --disable-pip-version-check --target "$work/packages" pyccolo==0.0.96
echo "value = 1" >traced.py
cat >script.py <<'PROGRAM'
import pyccolo

class Tracer(pyccolo.BaseTracer):
    def should_instrument_file(self, filename):
        return filename.endswith("traced.py")

    @pyccolo.register_handler(pyccolo.after_stmt)
    def seen(self, value, node, *_, **__):
        print("after", type(node).__name__)

with Tracer.instance():
    import traced
print(traced.value)
PROGRAM
status=0
seen=$(PYTHONPATH=$work/packages "$python" script.py 2>&1) || status=$?
echo "$seen"
echo "status $status"
[ "$status" = 1 ]
grep -q "cache_from_source() missing 1 required positional argument: 'debug_override'" <<<"$seen"
