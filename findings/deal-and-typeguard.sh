#!/usr/bin/env bash
# deal 4.24.6 and typeguard 4.6.1: after deal.activate(), typeguard's import hook can't be installed.
#
# deal puts its class DealFinder, a subclass, where PathFinder was on sys.meta_path; typeguard looks there for a class with the very
# name PathFinder. The other way round both work.
# Seen with CPython 3.11.7 and 3.13.0:
#     typeguard, deal: True
#     deal, typeguard: RuntimeError: Cannot find a PathFinder in sys.meta_path
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check deal==4.24.6 typeguard==4.6.1
cd "$work"
cat >first.py <<'PY'
import deal
import typeguard

typeguard.install_import_hook("some_package")
print("typeguard, deal:", deal.activate())
PY
cat >second.py <<'PY'
import deal
import typeguard

deal.activate()
try:
    typeguard.install_import_hook("some_package")
except RuntimeError as error:
    print(f"deal, typeguard: {type(error).__name__}: {error}")
PY
seen=$($python first.py; $python second.py)
echo "$seen"
[ "$seen" = "typeguard, deal: True
deal, typeguard: RuntimeError: Cannot find a PathFinder in sys.meta_path" ]
