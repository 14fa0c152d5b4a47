#!/usr/bin/env bash
# lazyload-py 0.1.0: in a "with lazyload.lazy_imports()" block, "import a.b" and "import a.b as c" are executed at once.
#
# The documentation says that all import statements in the block are deferred; only those of a name without a dot are.
# Seen with CPython 3.11.7 and 3.13.0:
#     plain
#     dotted: executed
#     dotted with as: executed
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check lazyload-py==0.1.0
mkdir -p "$work/program/package"
cd "$work/program"
echo "" >package/__init__.py
for module in plain package/first package/second; do echo "print('executed')" >$module.py; done
cat >program.py <<'PY'
import lazyload

print("plain")
with lazyload.lazy_imports():
    import plain
print("dotted: ", end="")
with lazyload.lazy_imports():
    import package.first
print("dotted with as: ", end="")
with lazyload.lazy_imports():
    import package.second as second
PY
seen=$($python program.py)
echo "$seen"
[ "$seen" = "plain
dotted: executed
dotted with as: executed" ]
