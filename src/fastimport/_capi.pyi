from types import ModuleType

from fastimport._resolver import Resolver
from fastimport._tables import Pin

def make_api(resolver: Resolver | None, activation: ModuleType, pin: Pin) -> object: ...
