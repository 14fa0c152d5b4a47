"""Random histories as hypothesis strategies: few names and few places, so that steps meet."""

from importlib.machinery import EXTENSION_SUFFIXES

from hypothesis import strategies as st

from support import steps

NAMES = ("m", "m", "p", "n", "n", "p.m", "n.m", "n.q", "é", "", "x.")  # twice: twice as often
FILES = (
    "m.py", "m.pyc", f"m{EXTENSION_SUFFIXES[0]}", f"m{EXTENSION_SUFFIXES[-1]}", "m", "p", "p.py", "n", "é.py",
    ".py", "p/__init__.py", "p/__init__.pyc", "p/m.py", "n/m.py", "n/m.py", "n/q/x.py", "m/__init__.py", "README",
)  # fmt: skip
SPELLINGS = (
    "{0}/a", "{0}/b", "{0}/c", "{0}/a/", "{0}//b", "{0}/late", "{0}/a/m.py", "{0}/a/p", "a", "./b", "", ".",
    "foreign:",
)  # fmt: skip
TIMES = (-1, 0, 1_000_000_000)

directories = st.sampled_from(steps.DIRECTORIES)
files = st.sampled_from(FILES)
places = st.sampled_from([*steps.DIRECTORIES, *(f"{d}/{f}" for d in steps.DIRECTORIES for f in FILES[:12])])
spellings = st.sampled_from(SPELLINGS)
paths = st.lists(spellings, max_size=4).map(tuple)
asking = st.builds(steps.Ask, st.sampled_from(NAMES), st.none() | paths)

files_change = (
    st.builds(steps.Write, directories, files, st.booleans())
    | st.builds(steps.Remove, directories, files, st.booleans())
    | st.builds(steps.Rename, places, places.filter(lambda p: "/" in p) | st.just("late"))
    | st.builds(steps.Symlink, places, places)
    | st.builds(steps.Loop, directories)
    | st.builds(steps.SetTime, directories, st.sampled_from(TIMES))
    | st.builds(steps.Chmod, places, st.sampled_from([0o755, 0o000, 0o311, 0o644]))
)
state_changes = (
    st.builds(steps.Chdir, st.sampled_from([".", *steps.DIRECTORIES]))
    | st.builds(steps.SetPath, paths)
    | st.builds(steps.Invalidate, st.none() | spellings)
    | st.builds(steps.Forget, spellings, st.sampled_from(["delete", "none", "all"]))
    | st.builds(steps.AddHook, spellings, st.sampled_from(sorted(steps.HOOKS)))
)
below = st.builds(steps.AskBelow, st.sampled_from(["p", "n"]), st.sampled_from(["m", "q"]))
step = asking | asking | below | files_change | files_change | state_changes

# A tree, then four short lists rather than one long: lists of hypothesis have about five items, and shrink well.
planting = st.lists(st.builds(steps.Write, directories, files), max_size=12)
histories = st.tuples(planting, *[st.lists(step, max_size=12)] * 4).map(lambda parts: [one for part in parts for one in part])
