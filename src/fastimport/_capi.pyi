from types import ModuleType

from fastimport._resolver import Pin, Resolver

def make_api(resolver: Resolver | None, activation: ModuleType, pin: Pin) -> object: ...
