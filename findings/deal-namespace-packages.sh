#!/usr/bin/env bash
# deal 4.24.6: after deal.activate(), namespace packages can't be imported.
#
# deal.activate() puts a subclass of PathFinder into PathFinder's place, which wraps the loader of every spec, also where there is
# none: a namespace package's spec has the loader None. importlib then finds exec_module without create_module.
# Seen with CPython 3.11.7 and 3.13.0:
#     without: 1
#     with: ImportError: loaders that define exec_module() must also define create_module()
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check deal==4.24.6
mkdir -p "$work/program/space"
cd "$work/program"
echo "value = 1" >space/part.py
echo "import space.part; print('without:', space.part.value)" >without.py
cat >with.py <<'PY'
import deal

deal.activate()
try:
    import space.part
except ImportError as error:
    print(f"with: {type(error).__name__}: {error}")
PY
seen=$($python without.py; $python with.py)
echo "$seen"
[ "$seen" = "without: 1
with: ImportError: loaders that define exec_module() must also define create_module()" ]
