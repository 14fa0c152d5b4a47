"""Memory for Python's small objects from huge pages.

pymalloc takes memory in arenas, of which each page is faulted in by itself: some 10,000 times while an application starts. With
huge pages the kernel does it 512 pages at a time, and what walks over the heap misses fewer translations.
"""

cdef extern from "_arenas.h":
    const char *fa_obstacle() noexcept
    void fa_begin() noexcept
    void fa_end() noexcept
    bint fa_is_active() noexcept
    size_t fa_held() noexcept


cdef object last_obstacle = None


def exchange(bint is_wanted, refuse):
    """Take arenas from huge pages from now on, or no longer; `refuse` is told why that can't be.

    Arenas that were taken stay where they are until they are empty.
    """
    global last_obstacle
    cdef const char *found = fa_obstacle() if is_wanted else NULL
    last_obstacle = found.decode() if found != NULL else None
    if not is_wanted:
        fa_end()
    elif last_obstacle is None:
        fa_begin()
    else:
        refuse(f"arenas: {last_obstacle}")


def obstacle():
    """Why they could not be had when they were wanted last, or None."""
    return last_obstacle


def are_huge():
    """Whether new arenas come from huge pages now, unless somebody has put an allocator in place of ours."""
    return fa_is_active()


def held():
    """How many bytes of address space the regions take that are in use."""
    return fa_held()
