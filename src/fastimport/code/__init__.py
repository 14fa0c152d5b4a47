"""From a file or a snapshot to a code object."""


def sets_a_flag(self, *reference):  # what a callback looks like that does nothing else: `_witnesses.pxi` compares
    self.flag = True


def lets_go(self):  # and a finalizer
    del self.attribute
