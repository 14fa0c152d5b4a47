#!/usr/bin/env bash
# lazy-imports-lite 0.1.1 and CPython 3.15: every start of an interpreter in the environment prints a traceback.
#
# Its .pth line looks at metadata["Keywords"] of every distribution and expects None where there are none, as up to 3.14;
# importlib.metadata raises KeyError from 3.15 on. Any distribution without keywords does, its own included.
# Seen with CPython 3.15.2, status 0, as the last line of the error output of "python -c pass":
#     KeyError: 'Keywords'
# PYTHON must be a 3.15 (default: python3.15 on PATH); without one nothing can be said, and the status is 2.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:=python3.15}" -c "import sys; sys.exit(sys.version_info < (3, 15))" || exit 2
"$PYTHON" -m venv --without-pip "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
python3 -m venv "$work/tools" # a pip that knows 3.15
"$work/tools/bin/python" -m pip install --quiet --disable-pip-version-check pip==25.3
"$work/tools/bin/python" -m pip --python "$work/venv/bin/python" install --quiet --disable-pip-version-check lazy-imports-lite==0.1.1
seen=$($python -c pass 2>&1)
echo "$seen"
[[ $seen == *"hatch_autorun_lazy_imports_lite.pth"*"KeyError: 'Keywords'" ]]
