#!/usr/bin/env bash
# importhook 1.0.9 and lazy-imports-lite 0.1.1: in an environment that has both, no import works after "import importhook".
#
# lazy-imports-lite puts an instance of a subclass of PathFinder on sys.meta_path at every start (a .pth file), which calls
# super().find_spec(name, path, target). importhook replaces PathFinder.find_spec by a plain function for calls on the class.
# Seen with CPython 3.11.7 and 3.13.0:
#     TypeError: PathFinder.find_spec() takes from 2 to 3 positional arguments but 4 were given
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check importhook==1.0.9 lazy-imports-lite==0.1.1
cd "$work"
cat >program.py <<'PY'
import importhook

try:
    import colorsys
except TypeError as error:
    print(f"{type(error).__name__}: {error}")
PY
seen=$($python program.py)
echo "$seen"
[ "$seen" = "TypeError: PathFinder.find_spec() takes from 2 to 3 positional arguments but 4 were given" ]
