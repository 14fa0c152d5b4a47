#!/usr/bin/env bash
# lazyload-py 0.1.0 and CPython 3.15: lazyload.lazy("name"), as in its README, fails at once.
#
# From 3.15 on the package chooses a native back end, which calls importlib.util.lazy_import. PEP 810 gave 3.15 a keyword and
# settings, but no such function. Before 3.15 the other back end, importlib.util.LazyLoader, is used and works.
# Seen with CPython 3.15.2:
#     AttributeError: module 'importlib.util' has no attribute 'lazy_import'
# With 3.13.0 the same program prints "1".
# PYTHON must be a 3.15 (default: python3.15 on PATH); without one nothing can be said, and the status is 2.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3.15}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 15))' || exit 2
mkdir "$work/program"
cd "$work/program"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$work/packages" lazyload-py==0.1.0
echo "value = 1" >late.py
echo "import lazyload; print(lazyload.lazy('late').value)" >script.py
status=0
seen=$(PYTHONPATH=$work/packages "$python" script.py 2>&1) || status=$?
echo "$seen"
echo "status $status"
[ "$status" = 1 ]
grep -q "module 'importlib.util' has no attribute 'lazy_import'" <<<"$seen"
