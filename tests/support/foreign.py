"""Path entry finders and hooks that are not importlib's."""

from importlib.machinery import ModuleSpec


class Finder:
    """A path entry finder that answers `spec` and remembers how it was called."""

    def __init__(self, spec=None):
        self.spec = spec
        self.calls = []

    def find_spec(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        return self.spec


def claim(entry, finder):
    """A path hook that gives `finder` for `entry` and refuses everything else."""

    def hook(path):
        if path != entry:
            raise ImportError(f"not mine: {path}")
        return finder

    return hook


def portion(*directories):
    spec = ModuleSpec("ignored", None)
    spec.submodule_search_locations = list(directories)
    return spec
