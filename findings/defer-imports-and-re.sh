#!/usr/bin/env bash
# defer-imports 0.1.1: with its hook installed as its page says, the first module that imports re can't be imported.
#
# The hook loads tokenize lazily, at the first source that it looks at. That look happens in the middle of importing re (every source
# is looked at once, for other bytecode than the usual is kept), and tokenize needs re.
# Seen with CPython 3.11.7, 3.12.1 (and, with the file's name in the message, 3.13.0):
#     re loaded before: 1
#     as documented: AttributeError: partially initialized module 're' has no attribute 'compile'
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="env -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE $work/venv/bin/python"
$python -m pip install --quiet --disable-pip-version-check defer-imports==0.1.1
mkdir "$work/program"
cd "$work/program"
printf 'import re\nvalue = 1\n' >user.py
cat >program.py <<'PY'
import sys

import defer_imports

if sys.argv[1] == "before":
    import re
defer_imports.install_import_hook()
try:
    import user
except AttributeError as error:
    print("as documented:", type(error).__name__, "'compile'" in str(error) and "'re'" in str(error))
else:
    print("re loaded before:", user.value)
PY
seen=$($python program.py before; rm -rf __pycache__; $python program.py not)
echo "$seen"
[ "$seen" = "re loaded before: 1
as documented: AttributeError True" ]
