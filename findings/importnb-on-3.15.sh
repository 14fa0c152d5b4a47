#!/usr/bin/env bash
# importnb 2023.11.1 and CPython 3.15: no notebook can be imported.
#
# Its loader overrides source_to_code(data, path); from 3.15 on SourceLoader.get_code calls it with a third positional argument, the
# module's name. The package installs on 3.15. With 3.13.0 the same program prints 1.
# Seen with CPython 3.15.2:
#     Loader.source_to_code() takes from 2 to 3 positional arguments but 4 were given
# PYTHON must be a 3.15 (default: python3.15 on PATH); without one nothing can be said, and the status is 2.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:=python3.15}" -c "import sys; sys.exit(sys.version_info < (3, 15))" || exit 2
"$PYTHON" -m venv --without-pip "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
python3 -m venv "$work/tools" # a pip that knows 3.15
"$work/tools/bin/python" -m pip install --quiet --disable-pip-version-check pip==25.3
"$work/tools/bin/python" -m pip --python "$work/venv/bin/python" install --quiet --disable-pip-version-check importnb==2023.11.1
mkdir "$work/program"
cd "$work/program"
cat >notebook.ipynb <<'JSON'
{"cells": [{"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": ["value = 1"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
JSON
cat >program.py <<'PY'
from importnb import Notebook

try:
    with Notebook():
        import notebook
    print(notebook.value)
except TypeError as error:
    print(error)
PY
seen=$($python program.py)
echo "$seen"
[ "$seen" = "Loader.source_to_code() takes from 2 to 3 positional arguments but 4 were given" ]
