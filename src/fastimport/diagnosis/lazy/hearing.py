"""What a module's execution changes in the process: what no other module's namespace shows.

Some of it is told by audit events, some by the functions that register things, which are listened to, and the rest is asked
for before and after. Nothing is imported here but built-in modules: this runs before a program's first import.
"""

import _signal  # type: ignore[import-not-found]
import sys
from _weakref import ReferenceType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_WRITING = 0o3  # os.O_WRONLY | os.O_RDWR
_EVENTS = {
    "_thread.start_joinable_thread": "starts a thread",
    "_thread.start_new_thread": "starts a thread",
    "os.chdir": "changes the working directory",
    "os.exec": "starts a program",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.posix_spawn": "starts a program",
    "os.putenv": "changes the environment: {0}",
    "os.remove": "removes {0}",
    "os.rename": "renames {0}",
    "os.spawn": "starts a program",
    "os.system": "starts a program",
    "os.unsetenv": "changes the environment: {0}",
    "resource.setrlimit": "changes the limits of the process",
    "socket.bind": "uses the network",
    "socket.connect": "uses the network",
    "socket.getaddrinfo": "uses the network",
    "subprocess.Popen": "starts a program: {0}",
    "sys.addaudithook": "adds an audit hook",
    "sys.setprofile": "sets a profile function",
    "sys.settrace": "sets a trace function",
    "syslog.openlog": "opens the system log",
}
_KNOWN = {
    "readline": "takes over how input() reads a line",
    "rlcompleter": "completes names at the prompt",
}
# Effects that happen in C, where they can't be seen.


class Ears:
    """Calls `note` with each effect, see `Observer.note`; `running` ends with the module that is executed."""

    def __init__(self, note: "Callable[..., None]", running: "list[str]") -> None:
        self.note, self.running = note, running
        self.modules = set(sys.modules)
        self.state: dict[str, Any] = {}
        self.handlers: list[tuple[str, str]] = []  # of codec errors: the module, and a name that is its package's own
        self.sockets: list[ReferenceType[Any]] = []  # that have been bound to a free port since `ask`
        self.numbers = sorted(_signal.valid_signals())

    def start(self) -> None:
        """Listen from now on; audit hooks can't be taken away again, so this is for a process of ours."""
        self._listen_to_registrations()
        sys.addaudithook(self._on_event)
        self.state = self._look()

    def ask(self, own: str) -> None:
        """Note what has changed since the last time; `own` is the module that ran."""
        if any(bound is not None and bound.fileno() != -1 for bound in [each() for each in self.sockets]):
            self.note(_EVENTS["socket.bind"])
        self.sockets.clear()
        now = self._look()
        for what, value in now.items():
            if what in self.state and self.state[what] != value:
                self.note(f"changes {what}")
        self.state = now
        self._compare_modules(own)

    def loaded(self, name: str) -> None:
        """The import system has put a module there."""
        self.modules.add(name)
        if name in _KNOWN:
            self.note(_KNOWN[name])

    def _compare_modules(self, own: str) -> None:
        if len(sys.modules) == len(self.modules):
            return
        for name in [name for name in list(sys.modules) if name not in self.modules]:
            self.modules.add(name)
            if name != own and not name.startswith((f"{own}.", "_cython_", "cython_runtime")):
                self.note(f"adds to sys.modules: {name!r}", is_internal=True)

    def _look(self) -> "dict[str, Any]":
        modules = sys.modules
        state: dict[str, Any] = {f"the handler of signal {number}": id(_signal.getsignal(number)) for number in self.numbers}
        state["the recursion limit"] = sys.getrecursionlimit()
        state["the switch interval"] = sys.getswitchinterval()
        state["the largest number that is converted"] = sys.get_int_max_str_digits()
        for what, (name, function, arguments) in _QUESTIONS.items():
            if name in modules and hasattr(modules[name], function):
                state[what] = getattr(modules[name], function)(*arguments)
        if "logging" in modules and hasattr(modules["logging"], "root"):
            state.update(_logging(modules["logging"]))
        return state

    def _on_event(self, event: str, arguments: "tuple[Any, ...]") -> None:
        if event == "open":
            path, mode, flags = arguments
            is_written = any(letter in mode for letter in "wax+") if mode else isinstance(flags, int) and flags & _WRITING
            if is_written and not isinstance(path, int) and not _is_bytecode(path):  # a number was opened before
                self.note(f"opens {path} for writing")
        elif event == "socket.bind" and _is_free_port(arguments[1]):
            self.sockets.append(ReferenceType(arguments[0]))  # closed again it leaves nothing behind
        elif event in _EVENTS and not (arguments and _is_bytecode(arguments[0])):
            self.note(_EVENTS[event].format(*map(_plain, arguments or ("",))))

    def _listen_to_registrations(self) -> None:
        import _codecs  # all four are there before any program
        import abc
        import atexit
        import codecs

        for module, name, text in (
            (_codecs, "register", "registers a search function for codecs"),
            (_codecs, "register_error", "registers an error handler for codecs"),
            (codecs, "register", "registers a search function for codecs"),
            (codecs, "register_error", "registers an error handler for codecs"),
            (atexit, "register", "registers a function with atexit"),
        ):
            setattr(module, name, self._telling(getattr(module, name), text))
        if sys.version_info < (3, 12):  # which has no audit event for it
            import _thread

            for name in ("start_new_thread", "start_new"):
                setattr(_thread, name, self._telling(getattr(_thread, name), "starts a thread"))
        register = vars(abc).get("_abc_register")
        if register is not None:
            vars(abc)["_abc_register"] = self._telling_of_class(register)

    def _telling(self, function: "Callable[..., Any]", text: str) -> "Callable[..., Any]":
        def register(*arguments: "Any", **keywords: "Any") -> "Any":
            is_own = function.__name__ == "register_error" and self._is_of_package(*arguments, **keywords)
            if (
                not is_own and getattr(arguments[0] if arguments else None, "__module__", None) != "weakref"
            ):  # finalizers, of objects of its own
                self.note(text, is_internal=True)
            return function(*arguments, **keywords)

        return register

    def _is_of_package(self, name: object = None, *_: object, **__: object) -> bool:
        """Whether the name of a handler begins with that of the package of the module that runs: it is used by name alone."""
        by = self.running[-1]
        is_own = type(name) is str and name.startswith(f"{by.partition('.')[0]}.")
        if is_own:
            self.handlers.append((by, str(name)))
        return is_own

    def _telling_of_class(self, function: "Callable[..., Any]") -> "Callable[..., Any]":
        def register(base: type, cls: type) -> "Any":
            homes = (cls.__module__, base.__module__)
            text = f"registers {homes[0]}.{cls.__qualname__} as a {homes[1]}.{base.__qualname__}"
            self.note(text, homes[1], homes, True)
            return function(base, cls)

        return register


_QUESTIONS = {
    "the garbage collector": ("gc", "isenabled", ()),
    "the thresholds of the garbage collector": ("gc", "get_threshold", ()),
    "the locale": ("_locale", "setlocale", (6,)),
    "the default timeout of sockets": ("_socket", "getdefaulttimeout", ()),
    "whether faults are shown": ("faulthandler", "is_enabled", ()),
}


def _logging(logging: "Any") -> "dict[str, Any]":
    """The configuration of the root logger, and what holds for all."""
    root = logging.root
    handlers = [(id(handler), handler.level, id(handler.formatter)) for handler in root.handlers]
    return {
        "the root logger": (root.level, handlers, len(root.filters)),
        "what is logged at all": (root.manager.disable, id(root.manager.loggerClass), id(logging._loggerClass)),
    }


def _is_free_port(address: "Any") -> bool:
    """Whether a socket is bound to whichever port is free: to try whether it can be."""
    return type(address) is tuple and len(address) > 1 and address[1] == 0


def _is_bytecode(path: "Any") -> bool:
    """Whether importlib writes this: a .pyc file, under whatever name at first, or its directory."""
    return isinstance(path, str) and (".pyc" in path or path.endswith("__pycache__"))


def _plain(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
