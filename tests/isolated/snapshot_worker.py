"""One process of many around one snapshot. Arguments: what to do, the snapshot, the library, how often.

read: use it and import, again and again; each import must be right. write: make it anew. kill: write until killed.
hold: use it, say "ready", wait for a line, then import the rest.
"""

import sys

WHAT, SNAPSHOT, LIBRARY, TIMES = sys.argv[1:]
sys.dont_write_bytecode = True
sys.path.insert(0, LIBRARY)


def contents():
    from fastimport.snapshot.build import build

    return build([LIBRARY])


def write(times):
    from fastimport.snapshot import store

    for _ in range(times):
        store.save(contents(), SNAPSHOT)


def import_all(numbers):
    for number in numbers:
        name = f"m{number}"
        sys.modules.pop(name, None)
        module = __import__(name)
        assert number == module.NUMBER and len(module.TEXT) == 3000, name


def read(times):
    import fastimport
    from fastimport.snapshot import attachment

    for turn in range(times):
        level = ("checked", "trusted", "frozen")[turn % 3]
        fastimport.install(freshness=level, snapshot=SNAPSHOT)
        reader, _ = attachment.attached()
        assert reader is not None, fastimport.stats().refusals
        import_all(range(20))
        assert reader.damaged == 0
        fastimport.uninstall()


def hold():
    import fastimport
    from fastimport.snapshot import attachment

    fastimport.install(freshness="frozen", snapshot=SNAPSHOT)
    import_all(range(10))
    reader, _ = attachment.attached()
    assert reader.codes_used == 10
    print("ready", flush=True)
    sys.stdin.readline()
    import_all(range(20))
    print(reader.codes_used, reader.damaged, is_mapped())


def is_mapped():
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            return int(SNAPSHOT in maps.read())
    except OSError:
        return -1


{"read": lambda: read(int(TIMES)), "write": lambda: write(int(TIMES)), "kill": lambda: write(10**9), "hold": hold}[WHAT]()
