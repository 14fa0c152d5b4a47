#!/usr/bin/env bash
# auto-lazy-imports 0.4.2 and CPython 3.15: used as documented, "PYTHON_LAZY_IMPORTS=package python script.py" does not start.
#
# The package takes names of modules from this variable; 3.15 (PEP 810) reads it itself, before any code, and wants a mode.
# Seen with CPython 3.15.2, exit status 1:
#     Fatal Python error: config_init_lazy_imports: PYTHON_LAZY_IMPORTS: invalid value; expected 'all' or 'normal'
# With 3.13.0 the same command prints "late".
# PYTHON must be a 3.15 (default: python3.15 on PATH); without one nothing can be said, and the status is 2.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3.15}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 15))' || exit 2
mkdir "$work/program"
cd "$work/program"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$work/packages" auto-lazy-imports==0.4.2
echo "import lazyimports; lazyimports.install(); import late; print(late.value)" >script.py
echo "value = 'late'" >late.py
status=0
seen=$(PYTHONPATH=$work/packages PYTHON_LAZY_IMPORTS=late "$python" script.py 2>&1) || status=$?
echo "$seen"
echo "status $status"
[ "$status" = 1 ]
grep -q "PYTHON_LAZY_IMPORTS: invalid value" <<<"$seen"
