from types import ModuleType

from fastimport.finding._resolver import Resolver
from fastimport.finding._tables import Pin

def make_api(resolver: Resolver | None, activation: ModuleType, pin: Pin) -> object: ...
