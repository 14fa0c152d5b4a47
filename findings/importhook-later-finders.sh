#!/usr/bin/env bash
# importhook 1.0.9: a module that a finder provides which came later, by sys.meta_path.insert(), does not call its hook.
#
# Its list for sys.meta_path is to wrap "existing (and future)" finders, but does so only in an assignment to an index: insert and
# append, which is how finders come, are a list's own.
# Seen with CPython 3.11.7 and 3.13.0:
#     by index: ['made']
#     by insert: []
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check importhook==1.0.9
cd "$work"
cat >program.py <<'PY'
import importlib.abc
import importlib.util
import sys

import importhook

seen = []


@importhook.on_import("made")
def note(module):
    seen.append(module.__name__)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self) if name == "made" else None

    def exec_module(self, module):
        pass


if sys.argv[1] == "insert":
    sys.meta_path.insert(0, Finder())
else:
    sys.meta_path[0] = Finder()
import made

print(f"by {sys.argv[1]}:", seen)
PY
seen=$($python program.py index; $python program.py insert)
echo "$seen"
[ "$seen" = "by index: ['made']
by insert: []" ]
