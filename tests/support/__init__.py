"""What the tests share: trees of files, the oracle, worlds to ask finders in, answers to compare.

importlib is the specification, so nearly every test is one question put to two finders. A
question is only fair if both finders have the same history: each lives in a `World` with a
search path, path hooks and importer cache of its own, over the same files.
"""

from support.answers import Answer, differences
from support.duel import Duel
from support.oracle import STOCK
from support.trees import Fifo, Link, plant
from support.worlds import World

__all__ = ["STOCK", "Answer", "Duel", "Fifo", "Link", "World", "differences", "plant"]
