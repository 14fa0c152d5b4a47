#!/usr/bin/env bash
# import-rewriter 1.0.0: with its hook, a file wins over a package of the same name beside it.
#
# importlib looks for thing/__init__.py before thing.py; the hook's finder, first on sys.meta_path, only knows thing.py.
# Seen with CPython 3.11.7 and 3.13.0:
#     without: the package
#     with: the file
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check import-rewriter==1.0.0
mkdir -p "$work/program/thing"
cd "$work/program"
echo "value = 'the package'" >thing/__init__.py
echo "value = 'the file'" >thing.py
echo "import thing; print('without:', thing.value)" >without.py
cat >with.py <<'PY'
import import_rewriter

import_rewriter.install_import_rewriter({"old_name": "new_name"})
import thing

print("with:", thing.value)
PY
seen=$($python without.py; $python with.py)
echo "$seen"
[ "$seen" = "without: the package
with: the file" ]
