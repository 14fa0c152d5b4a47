"""The ways in which a command is run: without fastimport, and with it at each level, registered in each way.

enable   switched on in the whole environment
exec     fastimport exec -- COMMAND
auto     the same, with an automatic snapshot: the first run writes it, the second uses it
snapshot the same, with a snapshot of the environment, at the level `frozen`
"""

from dataclasses import dataclass

REGISTRATIONS = ("meta_path", "in_place")
BOTH = ("checked", "trusted")
LEVELS = {"enable": BOTH, "exec": BOTH, "auto": BOTH, "snapshot": ("frozen",)}


@dataclass(frozen=True)
class Mode:
    """One way: `label` names it in results."""

    way: str = "stock"
    freshness: str = ""
    register: str = ""

    @property
    def label(self):
        return " ".join(filter(None, (self.way, self.freshness, self.register)))

    def command(self, words, environment):
        """The command line that runs `words` in this mode."""
        if self.way in ("stock", "enable"):
            return words
        return [environment.python, "-m", "fastimport", "exec", *self.snapshot_options(environment), "--", *words]

    def snapshot_options(self, environment):
        return ["--snapshot", str(environment.snapshot)] if self.way == "snapshot" else []

    def variables(self, environment):
        """What the mode adds to the environment's variables."""
        if self.way == "stock":
            return {}
        chosen = {"FASTIMPORT_FRESHNESS": self.freshness, "FASTIMPORT_REGISTER": self.register}
        if self.way == "auto":
            chosen |= {"FASTIMPORT_SNAPSHOT": "auto", "FASTIMPORT_CACHE_DIR": str(environment.cache)}
        return chosen


STOCK = Mode()


def modes(ways, breadth="half"):
    """The modes of these ways. `full`: all; `half`: each level with each registration in some of them; `quick`: three."""
    found = [Mode(way, level, register) for way in ways for level in LEVELS[way] for register in REGISTRATIONS]
    return [mode for mode in found if breadth == "full" or mode in QUICK or (breadth == "half" and is_chosen(mode))]


def is_chosen(mode):
    """`checked` with "meta_path" and `trusted` with "in_place", or, for `exec`, the other way round; `frozen` with both."""
    return mode.way == "snapshot" or (mode.freshness == "checked") == ((mode.register == "meta_path") == (mode.way != "exec"))


QUICK = (Mode("enable", "checked", "meta_path"), Mode("exec", "trusted", "in_place"), Mode("snapshot", "frozen", "meta_path"))
