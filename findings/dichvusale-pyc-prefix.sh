#!/usr/bin/env bash
# dichvusale-pyc 0.1.0: with it, "import plan" gives the module planet, once planet has been compiled.
#
# Its finder, first on sys.meta_path, takes the first file of __pycache__ that begins with the module's name and ends with ".pyc".
# Seen with CPython 3.11.7 and 3.13.0:
#     without: plan
#     with: planet
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check dichvusale-pyc==0.1.0
mkdir "$work/program"
cd "$work/program"
echo "value = 'plan'" >plan.py
echo "value = 'planet'" >planet.py
echo "import plan; print('without:', plan.value)" >without.py
echo "import compileall, dichvusale_pyc, plan; print('with:', plan.value)" >with.py
seen=$($python without.py; rm -r __pycache__; $python -m py_compile planet.py; $python with.py)
echo "$seen"
[ "$seen" = "without: plan
with: planet" ]
