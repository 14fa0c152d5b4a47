#!/usr/bin/env bash
# apipkg 3.0.2: a package that uses it can't be found by importlib.util.find_spec once it is imported.
#
# apipkg.initpkg puts a module of its own into sys.modules, whose __spec__ is None, though __file__ and __path__ are there.
# Seen with CPython 3.11.7 and 3.13.0:
#     before: package
#     after: ValueError: package.__spec__ is None
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check apipkg==3.0.2
mkdir -p "$work/program/package"
cd "$work/program"
cat >package/__init__.py <<'PY'
import apipkg

apipkg.initpkg(__name__, {"double": "package._inner:double"})
PY
printf 'def double(number):\n    return number * 2\n' >package/_inner.py
cat >program.py <<'PY'
import importlib.util

print("before:", importlib.util.find_spec("package").name)
import package

assert package.double(2) == 4
try:
    importlib.util.find_spec("package")
except ValueError as error:
    print(f"after: {type(error).__name__}: {error}")
PY
seen=$($python program.py)
echo "$seen"
[ "$seen" = "before: package
after: ValueError: package.__spec__ is None" ]
