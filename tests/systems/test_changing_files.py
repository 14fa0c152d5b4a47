"""Modules written, replaced and deleted while the program runs."""

import pytest

from .programs import CHECKED, TRUSTED, Program

HELPERS = """
import importlib, os, shutil, sys
ticks = 10**18

def touch(directory):
    '''Give the directory a time that no earlier one equals, however coarse the clock of the file system is.'''
    global ticks
    ticks += 10**9
    os.utime(directory, ns=(ticks, ticks))

def write(path, text=''):
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)

def attempt(name):
    for loaded in [loaded for loaded in sys.modules if loaded.split('.')[0] == name.split('.')[0]]:
        del sys.modules[loaded]
    try:
        module = importlib.import_module(name)
        print(name, getattr(module, 'value', None), module.__spec__)
    except Exception as error:
        print(name, type(error).__name__, error)

base = sys.path[0]
second = base + '/second'
sys.path.insert(1, second)
"""

WRITTEN = (
    HELPERS
    + """
touch(base), touch(second)
attempt('late')
write('second/late.py', 'value = "second"')
touch(second)
attempt('late')
write('pack/__init__.py', 'value = 1')
touch(base)
attempt('pack'), attempt('pack.sub')
write('pack/sub.py', 'value = 1')
touch('pack')
attempt('pack.sub')
write('bare/part.py', 'value = 1')
touch(base)
attempt('bare.part')
write('bare/other.py', 'value = 1')
touch('bare')
attempt('bare.other')
attempt('pack.deep.leaf')
write('pack/deep/leaf.py', 'value = 1')
touch('pack')
attempt('pack.deep.leaf')
"""
)


def test_modules_written_while_running_are_found(check):
    stock = check({"second": {"existing.py": ""}, "main.py": WRITTEN})
    assert any(line.startswith("late second") for line in stock.stdout)


INVALIDATED = (
    HELPERS
    + """
def changed(*directories):
    for directory in directories:
        touch(directory)
    importlib.invalidate_caches()

write('second/both.py', 'value = "second"')
attempt('both'), attempt('absent_directory_module')
write('both.py', 'value = "first"')
changed(base)
attempt('both')
write('both/__init__.py', 'value = "package"')
changed(base)
attempt('both')
os.remove('both/__init__.py')
changed('both')
attempt('both')
os.remove('both.py')
changed(base)
attempt('both')
shutil.rmtree('second')
importlib.invalidate_caches()
attempt('both')
shutil.rmtree('both')
changed(base)
attempt('both')
write('second/both.py', 'value = "back"')
changed(base)
attempt('both')
os.rename('second', 'moved')
changed(base)
attempt('both')
sys.path.append(base + '/moved')
attempt('both')
sys.path.append(base + '/made_later')
attempt('in_made_later')
write('made_later/in_made_later.py', 'value = 1')
attempt('in_made_later')
importlib.invalidate_caches()
attempt('in_made_later')
write('swapped.py', 'value = "short"')
changed(base)
attempt('swapped')
write('swapped.py', 'value = "rather longer"')
attempt('swapped')
"""
)


def test_every_change_is_seen_after_invalidate_caches(check):
    check({"second": {"existing.py": ""}, "main.py": INVALIDATED})


UNANNOUNCED = (
    HELPERS
    + """
write('second/both.py', 'value = "second"')
touch(base), touch(second)
attempt('both'), attempt('p.sub')
write('both.py', 'value = "first"')
touch(base)
attempt('both')
write('both/__init__.py', 'value = "package"')
touch(base)
attempt('both')
os.remove('both/__init__.py')
attempt('both')
os.remove('both.py')
touch(base)
attempt('both')
shutil.rmtree('second')
attempt('both')
os.remove('p/sub.py')
attempt('p.sub')
touch('p')
attempt('p.sub')
shutil.rmtree('p')
attempt('p')
touch(base)
attempt('p')
os.mkdir('single.py.d')
os.rename('single.py', 'renamed.py')
os.rename('single.py.d', 'single.py')
attempt('single'), attempt('renamed')
"""
)
UNANNOUNCED_TREE = {
    "second": {"existing.py": ""},
    "p": {"__init__.py": "", "sub.py": ""},
    "single.py": "",
    "main.py": UNANNOUNCED,
}


@pytest.mark.parametrize("mode", CHECKED, ids=str, indirect=True)
def test_unannounced_changes_are_seen_when_importlib_sees_them(check):
    check(UNANNOUNCED_TREE)


UNTOUCHED = (
    HELPERS
    + """
attempt('first')
stamp = os.stat(base).st_mtime_ns, os.stat(second).st_mtime_ns
write('unnoticed.py'), write('second/unnoticed.py')
os.utime(base, ns=(stamp[0], stamp[0])), os.utime(second, ns=(stamp[1], stamp[1]))
attempt('unnoticed')
os.utime(base, ns=(1, 1))
attempt('unnoticed')
os.remove('unnoticed.py')
os.utime(base, ns=(1, 1))
attempt('unnoticed')
os.rename('second', 'other'), shutil.copytree('replacement', 'second'), os.utime(second, ns=(stamp[1], stamp[1]))
attempt('replaced'), attempt('existing')
"""
)


@pytest.mark.parametrize("mode", CHECKED, ids=str, indirect=True)
def test_changes_that_importlib_does_not_see_are_not_seen(check):
    """Equal modification times mean an unchanged directory; an older time is a change like any other."""
    tree = {"first.py": "", "second": {"existing.py": ""}, "replacement": {"replaced.py": ""}, "main.py": UNTOUCHED}
    check(tree)


TRUSTING = (
    HELPERS
    + """
def found(name):
    spec = importlib.util.find_spec(name)
    return spec and os.path.relpath(spec.origin, base)

import importlib.util
touch(base), touch(second)
print('before', found('both'), found('late'))
write('both.py'), touch(base)
print('shadowed', found('both'))
write('second/late.py'), touch(second)
print('written', found('late'))
importlib.invalidate_caches()
print('invalidated', found('both'), found('late'))
os.remove('both.py'), touch(base)
importlib.invalidate_caches()
print('deleted', found('both'))
"""
)


@pytest.mark.parametrize("mode", TRUSTED, ids=str, indirect=True)
def test_trusted_takes_what_it_knows_until_told_and_never_misses_what_is_new(bare_runner, mode):
    """The one liberty of `trusted`: a module that appears earlier on the path waits for invalidate_caches()."""
    program = Program({"second": {"both.py": ""}, "main.py": TRUSTING})
    stock, fast = bare_runner.run(program, "stock"), bare_runner.run(program, mode.words)
    assert stock.stdout[1] == "shadowed both.py"
    # Told nothing, it may answer as before; when it does notice the newcomer, that is right as well.
    assert fast.stdout[1] in ("shadowed second/both.py", "shadowed both.py")
    assert fast.stdout[:1] + fast.stdout[2:] == stock.stdout[:1] + stock.stdout[2:]
