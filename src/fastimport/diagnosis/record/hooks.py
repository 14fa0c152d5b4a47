"""Listening to functions of importlib without taking their place: their code is exchanged, and put back.

The function stays the object that it was. So whoever imported it by name is heard too, no dictionary and no class
changes (fastimport's own look at importlib's classes included), and nothing of ours is left in somebody's hands
afterwards. The code that is put in has the file name, the name and the parameters of the original, and takes itself
out of the traceback of every exception, so that messages stay what they are.

Nothing is imported here but what a bare interpreter has loaded: this runs before a program's first import.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FunctionType
    from typing import Any

    _Function = FunctionType
else:
    _Function = type(lambda: None)
_Code, _Member = type((lambda: None).__code__), type(_Function.__globals__)
_VARARGS, _VARKEYWORDS = 0x04, 0x08

_TEMPLATE = """\
def {name}({parameters}):
    _enter = "<enter>"
    _original = "<original>"
    _leave = "<leave>"
    _token = _enter({arguments})
    try:
        _result = _original({arguments})
    except BaseException as _error:
        _error.__traceback__ = _error.__traceback__.tb_next
        _leave(_token, None, _error)
        raise
    _leave(_token, _result, None)
    return _result
"""
_TIMING_TEMPLATE = """\
def {name}({parameters}):
    _clock = "<clock>"
    _original = "<original>"
    _note = "<note>"
    _start = _clock()
    try:
        _result = _original({arguments})
    except BaseException as _error:
        _error.__traceback__ = _error.__traceback__.tb_next
        _note({first}, None, _clock() - _start)
        raise
    _note({first}, _result, _clock() - _start)
    return _result
"""


class Hooks:
    """Functions whose code has been exchanged, so that `restore` can put it back."""

    def __init__(self) -> None:
        self._exchanged: dict[int, tuple[FunctionType, CodeType, CodeType]] = {}
        self._former: list[CodeType] = []  # another thread may just be about to run one of them
        self._asked_first: list[tuple[Any, object, object, object]] = []

    def listen(self, function: object, enter: "Callable[..., Any]", leave: "Callable[[Any, Any, Any], None]") -> bool:
        """Call `enter` with the arguments before each call of `function`, and `leave` after it.

        `leave` is given what `enter` returned, the result, and the exception (one of the two is None). Neither may raise.
        Gives False for what is not a Python function, and for one that is listened to already.
        """
        return self._exchange(function, _TEMPLATE, {"<enter>": enter, "<leave>": leave})

    def time(self, method: object, clock: "Callable[[], int]", note: "Callable[[Any, Any, int], None]") -> bool:
        """Call `note` with the first argument, the result (None after an exception) and the time, after each call of `method`.

        Costs two thirds of `listen`, for what is called a hundred times for each import.
        """
        return self._exchange(method, _TIMING_TEMPLATE, {"<clock>": clock, "<note>": note})

    def listen_first(self, method: object, enter: "Callable[..., Any]", leave: "Callable[[Any, Any, Any], None]") -> bool:
        """The same for what a method of fastimport's own kind asks first, which gives a code object or no answer."""
        place = getattr(type(method), "first", None)
        if type(place) is not _Member:
            return False
        original = place.__get__(method)

        def first(*arguments: object) -> object:
            token = enter(*arguments)
            result = original(*arguments)
            leave(token, result if isinstance(result, _Code) else None, None)
            return result

        place.__set__(method, first)  # type: ignore[attr-defined]
        self._asked_first.append((place, method, original, first))
        return True

    def _exchange(self, function: object, template: str, objects: "dict[str, object]") -> bool:
        function = getattr(function, "__func__", function)
        if type(function) is not _Function or id(function) in self._exchanged:
            return False
        code = function.__code__
        original = _Function(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
        original.__kwdefaults__ = function.__kwdefaults__
        ours = _listening(code, template, {**objects, "<original>": original})
        self._exchanged[id(function)] = function, code, ours
        function.__code__ = ours
        return True

    def restore(self) -> None:
        """Put every code object back, but for those that somebody else has exchanged since."""
        while self._exchanged:
            _, (function, code, ours) = self._exchanged.popitem()
            self._former.append(ours)
            if function.__code__ is ours:
                function.__code__ = code
        while self._asked_first:
            place, method, original, first = self._asked_first.pop()
            if place.__get__(method) is first:
                place.__set__(method, original)


def _listening(code: "CodeType", template: str, objects: "dict[str, object]") -> "CodeType":
    """The template with the outside of `code`. The constants that are keys of `objects` are replaced by the objects."""
    parameters, arguments = _parameters(code)
    name = code.co_name if code.co_name.isidentifier() else "function"
    names: dict[str, Any] = {}
    first = code.co_varnames[0] if code.co_argcount else "None"
    text = template.format(name=name, parameters=parameters, arguments=arguments, first=first)
    exec(compile(text, code.co_filename, "exec"), names)
    made: CodeType = names[name].__code__
    constants = tuple(objects.get(each, each) if type(each) is str else each for each in made.co_consts)
    return made.replace(
        co_consts=constants,
        co_freevars=code.co_freevars,  # must be as many as the function has cells; they are not used
        co_firstlineno=code.co_firstlineno,
        co_name=code.co_name,
        co_qualname=code.co_qualname,
    )


def _parameters(code: "CodeType") -> "tuple[str, str]":
    """The parameters of `code` as in ``def``, without defaults, and as arguments of a call that passes them on."""
    names = list(code.co_varnames)
    positional, names = names[: code.co_argcount], names[code.co_argcount :]
    keywords, names = names[: code.co_kwonlyargcount], names[code.co_kwonlyargcount :]
    parameters, arguments = list(positional), list(positional)
    if code.co_posonlyargcount:
        parameters.insert(code.co_posonlyargcount, "/")
    if code.co_flags & _VARARGS:
        parameters.append("*" + names[0])
        arguments.append("*" + names.pop(0))
    elif keywords:
        parameters.append("*")
    parameters += keywords
    arguments += [f"{name}={name}" for name in keywords]
    if code.co_flags & _VARKEYWORDS:
        parameters.append("**" + names[0])
        arguments.append("**" + names[0])
    return ", ".join(parameters), ", ".join(arguments)
