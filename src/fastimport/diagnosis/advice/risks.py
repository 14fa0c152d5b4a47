"""What an import may do besides binding names, seen in the source: things that others would miss if it came later."""

from collections.abc import Collection

from fastimport.diagnosis.acts import CALL, CHANGE, PROCESS, Act, acts
from fastimport.diagnosis.advice.owners import is_in, is_own
from fastimport.diagnosis.advice.program import Program

_MOST = 3


def risk_of(program: Program, modules: Collection[str]) -> str:
    """What is known to happen when `modules` are executed, in a few words; empty if nothing is known."""
    found: dict[str, str] = {}
    for name in modules:
        text = program.texts.get(name) if name in program.modules else None
        if text is not None and _may_act(program, name, text):
            for act in acts(text, program.package_of(name)):
                effect = _effect(program, name, act, modules)
                if effect is not None:
                    found.setdefault(effect, name)
    return "; ".join(f"{name} {effect}" for effect, name in list(found.items())[:_MOST])


def _may_act(program: Program, name: str, text: str) -> bool:
    """Parsing takes time: of other people's modules only those that have the words."""
    return is_own(program.modules[name].origin or "") or any(each.rpartition(".")[2] in text for each in PROCESS)


def _effect(program: Program, name: str, act: Act, gone: Collection[str]) -> str | None:
    own_file = program.modules[name].origin or ""
    if act.kind == CALL and act.name in PROCESS:
        is_internal = act.name == "os.register_at_fork" and is_in(own_file, ("stdlib", "platstdlib"))  # renews its own locks
        return None if is_internal else PROCESS[act.name]
    if not is_own(own_file):
        return None
    module = act.name
    while module not in program.modules and "." in module:
        module = module.rpartition(".")[0]
    if module not in program.modules or module in gone:
        return None
    file = program.modules[module].origin or ""
    if act.kind == CHANGE:
        return f"changes {module}"
    # Most decorators and calls of libraries register nothing: @dataclass, @click.command()
    is_registration = is_own(file) or (act.kind == CALL and not is_in(file, ("stdlib", "platstdlib")))
    return f"registers with {module}" if is_registration else None
