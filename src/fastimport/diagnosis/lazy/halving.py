"""The smallest set that must stay eager, by halving: delta debugging, in the order in which QuickXplain asks."""

from collections.abc import Callable, Sequence

Passes = Callable[[frozenset[str]], bool]


def smallest(passes: Passes, fixed: frozenset[str], suspects: Sequence[str]) -> list[str]:
    """The least part of `suspects` that has to be in the set beside `fixed` for it to pass.

    It passes with all of `suspects`, and does not with `fixed` alone. Neighbours are held together: sort by package. Takes about
    ``k * log2(n)`` questions for k of n, twice as many at worst.
    """
    if len(suspects) <= 1:
        return list(suspects)
    middle = len(suspects) // 2
    first, second = suspects[:middle], suspects[middle:]
    if passes(fixed.union(first)):
        return smallest(passes, fixed, first)
    if passes(fixed.union(second)):
        return smallest(passes, fixed, second)
    needed = smallest(passes, fixed.union(second), first)
    if passes(fixed.union(needed)):
        return needed
    return needed + smallest(passes, fixed.union(needed), second)
