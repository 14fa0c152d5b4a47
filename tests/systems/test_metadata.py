"""importlib.metadata and importlib.resources, which ask the finders of sys.meta_path and their loaders."""

from .trees import Zip

METADATA = """
import importlib, importlib.metadata as metadata, os, sys
sys.path[1:1] = ['libraries', 'archive.zip', 'absent']
def show():
    found = [(found.name, found.version) for found in metadata.distributions() if found.name.startswith('systems-')]
    print(found, len(found) == len(set(found)))
show()
print(metadata.version('systems-first'), metadata.version('systems_zipped'), metadata.metadata('systems-first')['Summary'])
print([str(file) for file in metadata.files('systems-first')], metadata.requires('systems-first'))
for name in ('absent', '', 'systems.second'):
    try:
        print(metadata.version(name))
    except Exception as error:
        print(repr(name), type(error).__name__, error)
for found in sorted(metadata.entry_points(group='systems.plugins')):
    print(found.name, found.value, found.load(), found.dist.name)
print(metadata.packages_distributions().get('first'))
for restriction in ({'path': ['libraries']}, {'name': 'systems-second'}):
    print([found.name for found in metadata.distributions(**restriction)])
os.makedirs('libraries/systems_late-1.0.dist-info')
with open('libraries/systems_late-1.0.dist-info/METADATA', 'w') as file:
    file.write('Name: systems-late\\nVersion: 1.0\\n')
importlib.invalidate_caches()
show()
print([getattr(finder, '__name__', finder) for finder in sys.meta_path if hasattr(finder, 'find_distributions')])
print(sum(1 for _ in metadata.MetadataPathFinder.find_distributions()) == sum(1 for _ in metadata.distributions()))
"""


def distribution(name: str) -> dict:
    text = f"Metadata-Version: 2.1\nName: systems-{name}\nVersion: 1.0\nSummary: the {name}\nRequires-Dist: systems-other\n"
    points = f"[systems.plugins]\n{name} = {name}.module:value\n"
    record = f"{name}/__init__.py,,\nsystems_{name}-1.0.dist-info/METADATA,,\n"
    information = {"METADATA": text, "entry_points.txt": points, "RECORD": record, "top_level.txt": f"{name}\n"}
    return {f"systems_{name}-1.0.dist-info": information, name: {"__init__.py": "", "module.py": "value = __name__"}}


def test_distributions_are_found_once_each_with_their_entry_points(check):
    egg = {"PKG-INFO": "Metadata-Version: 1.0\nName: systems-egg\nVersion: 2.0\n"}
    tree = {
        "libraries": {**distribution("first"), **distribution("second"), "systems_egg.egg-info": egg},
        "archive.zip": Zip(distribution("zipped")),
        "main.py": METADATA,
    }
    assert "('systems-late', '1.0')" in " ".join(check(tree).stdout)


RESOURCES = """
import importlib.resources as resources, sys
sys.path[1:1] = ['other', 'archive.zip', 'archive.zip/below']
import p, bare, zipped, below_bare
def walk(place, depth=0):
    for item in sorted(place.iterdir(), key=lambda item: item.name):
        if item.name != '__pycache__':
            print(' ' * depth, item.name, item.is_file(), item.is_dir())
            if item.is_dir():
                walk(item, depth + 1)
def show(package):
    place = resources.files(package)
    print(package, type(place).__name__)
    walk(place)
    print((place / 'text.txt').read_text(), (place / 'absent').is_file())
    with resources.as_file(place / 'text.txt') as path:
        print(path.read_text(), path.name.endswith('text.txt'))
    with resources.as_file(place) as path:
        print(sorted(found.name for found in path.iterdir() if found.name != '__pycache__'))
for package in (p, 'p.data', bare, 'bare.inner', zipped, below_bare):
    try:
        show(package)
    except Exception as error:
        # Versions differ in what they support of namespaces and archives; names of temporary files differ always.
        print(type(error).__name__)
for package in ('absent', 'single', 'p.absent', 'sys'):
    try:
        print(package, resources.files(package).joinpath('text.txt').is_file())
    except Exception as error:
        print(package, type(error).__name__, error)
reader = p.__spec__.loader.get_resource_reader('p')
print(type(reader).__name__, sorted(set(reader.contents()) - {'__pycache__'}), reader.is_resource('text.txt'))
print(type(bare.__spec__.loader.get_resource_reader('bare')).__name__)
"""


def test_resources_of_packages_namespaces_and_archives(check):
    text = {"text.txt": "text"}
    tree = {
        "p": {"__init__.py": "", **text, "data": {**text, "deep": text}},
        "bare": {"inner": text, **text},
        "other": {"bare": {"second.txt": "second", "inner": {"second.txt": "second"}}},
        "archive.zip": Zip({"zipped": {"__init__.py": "", **text}, "below": {"below_bare": {"x.py": "", **text}}}),
        "single.py": "",
        "main.py": RESOURCES,
    }
    check(tree)
