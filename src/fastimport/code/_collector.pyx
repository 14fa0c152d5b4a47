"""A garbage collector that waits while modules are imported.

What a start makes, stays: collections that look for garbage in it visit objects that have gone cold, and find next to nothing.
So each automatic collection, as long as modules are imported, is answered at its start by doing what it will do with objects
that survive: they go to the next generation. There is nothing left that it could visit.

The collector is neither switched off nor are its thresholds changed; what a program asks of it, it does.

At its end the interpreter collects twice, before and after it removes the modules. What the first one finds, the second one
would, so the first is answered likewise, if nothing is there that would notice (`_witnesses.pxi`).
"""

cimport cython
from cpython.object cimport PyObject, PyTypeObject

import sys

cdef extern from "Python.h":
    PyObject *PyImport_GetModuleDict()      # borrowed
    bint PyGC_IsEnabled() noexcept
    void *PyEval_GetFrame() noexcept
    void PyMem_RawFree(void *memory) noexcept

cdef extern from "_collector.h":
    ctypedef struct Generation "fc_generation":
        int threshold
        int count
    const char *fc_unknown_collector() noexcept
    Generation *fc_find_generations(object youngest, const int *thresholds, const int *counts) noexcept
    void fc_move(Generation *younger, Generation *older) noexcept
    void fc_call(object callback, object phase, object info) noexcept
    void fc_untrack_tuples(Generation *generation) noexcept

cdef extern from "_witnesses.h":
    bint Py_IsFinalizing() noexcept
    Generation *fc_new_list() noexcept

cdef enum:
    OLDEST = 2
    # Net numbers of objects, allocations less deallocations: a parser's tables that are made in one module body are some 300,000.
    MOST_WITHOUT_IMPORT = 500_000
    MOST_WITHOUT_FULL = 2_000_000
    # Python 3.12 starts with 375 tuples of its own that are frozen; who freezes a heap, freezes 4,000 objects at the least.
    MOST_FROZEN_AT_START = 1_000

LIMITS = (MOST_WITHOUT_IMPORT, MOST_WITHOUT_FULL)
"""After how many new container objects deferring ends for good: without an import; in all, without a full collection."""


include "_witnesses.pxi"


cdef builtin_module(str name):
    """The module; in ``sys.modules`` it is afterwards only if it was before: a program's modules are what it imports."""
    known = sys.modules.get(name)
    if known is not None:
        return known
    module = __import__(name)
    sys.modules.pop(name, None)
    return module


cdef bint is_over() noexcept:
    """Whether a collection is the interpreter's own, at its end: what code asks for, of a stream that is flushed, takes place."""
    return Py_IsFinalizing() and PyEval_GetFrame() == NULL


def exchange(Deferral former, bint is_wanted, refuse):
    """Begin or end deferring. Returns a `Deferral`, the former one if there is one.

    `refuse` is told why it can't begin, but for what is always so with this build of Python.
    """
    if not is_wanted:
        if former is not None:
            former.end()
        return former
    deferral = former if former is not None else Deferral()
    reason = deferral.begin()
    if reason is not None and fc_unknown_collector() == NULL:
        refuse(f"collector: {reason}")
    return deferral


@cython.final
cdef class Deferral:
    """The callback in ``gc.callbacks``, and what it has to know."""

    cdef list callbacks
    cdef dict modules
    cdef object get_debug, get_threshold, get_count, get_freeze_count, hook
    cdef object return_at_exit      # what is registered with atexit, once deferring has ended by itself
    cdef bint waits                 # else the callback is there for the interpreter's end alone
    cdef Generation *generations
    cdef Generation *held           # what the collection at the interpreter's end doesn't get to see
    cdef int[3] thresholds
    cdef Py_ssize_t seen, seen_by_older     # modules at the last automatic collection; at the last one but of the youngest
    cdef Py_ssize_t without_import, without_full
    cdef readonly Py_ssize_t answered
    """How many automatic collections were answered."""
    cdef readonly object obstacle
    """Why it could not begin the last time, or None."""

    def __cinit__(self):
        gc = builtin_module("gc")
        self.callbacks = gc.callbacks
        self.modules = <dict>PyImport_GetModuleDict()
        self.get_debug, self.get_threshold, self.get_count = gc.get_debug, gc.get_threshold, gc.get_count
        self.get_freeze_count = gc.get_freeze_count

    def begin(self):
        """Answer automatic collections from now on, until there is reason to stop. Returns why that can't be, or None."""
        if not self.is_active():
            self.obstacle = self.try_to_begin()
        return self.obstacle

    cdef object try_to_begin(self):
        cdef const char *unknown = fc_unknown_collector()
        if unknown != NULL:
            return unknown.decode()
        if self.get_debug():
            return "gc.set_debug() is in use"
        self.generations = self.find_generations()
        if self.generations == NULL:
            return "the collector is not as expected"
        self.seen = self.seen_by_older = self.without_import = self.without_full = 0
        self.waits = True
        self.add_callback()
        return None

    cdef add_callback(self):
        self.hook = self.answer
        self.callbacks.append(self.hook)

    def end(self):
        """Take the callback away. Later collections are as they would be otherwise."""
        self.remove_callback()
        if self.return_at_exit is not None:
            builtin_module("atexit").unregister(self.return_at_exit)
            self.return_at_exit = None

    cdef remove_callback(self):
        cdef Py_ssize_t position = self.position()
        if position >= 0:
            del self.callbacks[position]
        self.hook = None

    def is_active(self):
        """Whether the callback is where it was put: others may have taken it away."""
        return self.position() >= 0

    cdef Py_ssize_t position(self):
        cdef Py_ssize_t index
        if self.hook is not None:
            for index, callback in enumerate(self.callbacks):
                if callback is self.hook:
                    return index
        return -1

    cdef Generation *find_generations(self) except? NULL:
        cdef int[3] counts
        youngest_first = self.get_threshold()
        counted = self.get_count()
        for index in range(3):
            self.thresholds[index] = youngest_first[index]
            counts[index] = counted[index]
        return fc_find_generations([], self.thresholds, counts)

    def answer(self, phase, info):
        """A callback of the collector, as the gc module describes them."""
        if self.held != NULL:
            self.give_back()
        elif phase == "start":
            if is_over():
                self.leave_out(info["generation"])
            elif self.waits and not self.go_on(info["generation"]):
                self.leave(phase, info)

    cdef leave_out(self, int generation):
        """Let the full collection at the interpreter's end see nothing, if nobody would notice."""
        if generation != OLDEST or len(self.callbacks) > 1 or self.get_debug() or self.is_noticed():
            return
        self.held = fc_new_list()
        if self.held != NULL:
            for index in range(OLDEST, -1, -1):
                fc_move(&self.generations[index], self.held)

    def is_noticed(self):
        """Whether a full collection at the interpreter's end would be noticed, as far as can be told.

        What is frozen is not looked at: it may hold anything, and be held by garbage alone.
        """
        try:
            return self.get_freeze_count() > MOST_FROZEN_AT_START or has_witness(self.generations, self.modules)
        except Exception:
            return True

    cdef give_back(self):
        fc_move(self.held, &self.generations[OLDEST])
        PyMem_RawFree(self.held)
        self.held = NULL

    cdef bint go_on(self, int generation) except -1:
        """Answer a collection if it is automatic and modules were imported; False if it is time to stop."""
        if self.get_debug():
            return False
        if self.thresholds_changed() or not self.is_due(generation):
            if generation == OLDEST:
                self.without_full = 0
            return True
        cdef Py_ssize_t modules = len(self.modules), count = self.generations[0].count
        cdef bint is_fresh = modules != (self.seen_by_older if generation else self.seen)
        self.without_full += count
        self.without_import = self.without_import + count if modules == self.seen else 0
        self.seen = modules
        if generation:
            self.seen_by_older = modules
        if self.without_import > MOST_WITHOUT_IMPORT or self.without_full > MOST_WITHOUT_FULL:
            return False
        if generation == OLDEST:    # was due before, or is what the thresholds ask for
            self.without_full = 0
            return True
        self.generations[OLDEST].count = 0      # so that none of the oldest comes due
        if is_fresh:
            self.move_on(generation)
        return True

    cdef bint thresholds_changed(self) noexcept:
        """Whether the program has set others since the last look; whether a collection is due can then not be told."""
        cdef bint changed = False
        for index in range(3):
            if self.thresholds[index] != self.generations[index].threshold:
                self.thresholds[index] = self.generations[index].threshold
                changed = True
        return changed

    cdef bint is_due(self, int generation) noexcept:
        """Whether the interpreter has started this collection by itself: one that the program asks for comes at other counts."""
        cdef Generation *youngest = &self.generations[0]
        cdef Generation *chosen = &self.generations[generation]
        return (PyGC_IsEnabled() and youngest.threshold != 0 and youngest.count > youngest.threshold
                and chosen.count > chosen.threshold)

    cdef void move_on(self, int generation) noexcept:
        fc_untrack_tuples(&self.generations[0])
        for index in range(generation + 1):
            fc_move(&self.generations[index], &self.generations[index + 1])
        self.answered += 1

    cdef leave(self, phase, info):
        """End from inside the callback. The interpreter would pass over the one that takes our place, so it is called here."""
        cdef Py_ssize_t position = self.position()
        self.remove_callback()
        self.waits = False
        if self.return_at_exit is None:
            self.return_at_exit = self.come_back
            builtin_module("atexit").register(self.return_at_exit)
        if 0 <= position < len(self.callbacks):
            fc_call(self.callbacks[position], phase, info)

    def come_back(self):
        """Be there for the collection at the interpreter's end."""
        if self.hook is None:
            self.add_callback()
