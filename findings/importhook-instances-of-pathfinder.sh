#!/usr/bin/env bash
# importhook 1.0.9: after "import importhook", an instance of PathFinder finds nothing any more, in the whole process.
#
# Not only the items of sys.meta_path are wrapped: find_spec is replaced on importlib's own class, by a plain function. Called on the
# class it works; called on an instance, which a class method allows, its arguments move by one. auto-lazy-imports calls it so.
# Seen with CPython 3.11.7 and 3.13.0:
#     before: json json
#     after: json None
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check importhook==1.0.9
cd "$work"
cat >program.py <<'PY'
from importlib.machinery import PathFinder


def names():
    specs = PathFinder.find_spec("json", None), PathFinder().find_spec("json", None)
    return [spec and spec.name for spec in specs]


print("before:", *names())
import importhook

print("after:", *names())
PY
seen=$($python program.py)
echo "$seen"
[ "$seen" = "before: json json
after: json None" ]
