/* An arena allocator (PyObject_SetArenaAllocator) whose memory is aligned to huge pages, and advised to be made of them.
 *
 * Memory comes in regions of a few huge pages, each with slots of an arena's size. An arena that is given back is emptied, so
 * that its memory is the kernel's again, and its address stays ours until the region is empty. What can't be had here comes from
 * the allocator that was there before. All of this happens with the GIL held, as in pymalloc.
 */
#ifndef FASTIMPORT_ARENAS_H
#define FASTIMPORT_ARENAS_H

#include <Python.h>

#ifdef __linux__
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#endif

#if defined(MADV_HUGEPAGE) && !defined(Py_GIL_DISABLED)

#define FA_SETTING "/sys/kernel/mm/transparent_hugepage/enabled"

enum { FA_HUGE_PAGE = 2 << 20, FA_REGION = 4 * FA_HUGE_PAGE, FA_SMALLEST = FA_REGION / 32, FA_MOST_REGIONS = 4096 /* 32 GB */ };

typedef struct {
    char *start;
    uint32_t taken; /* a bit for each slot */
} fa_region;

static PyObjectArenaAllocator fa_former;
static fa_region fa_regions[FA_MOST_REGIONS];
static int fa_count, fa_is_there, fa_is_wanted;
static size_t fa_slot; /* how large arenas are: all of them alike */

static const char *fa_obstacle(void)
{
    char text[64] = "";
    FILE *file = fopen(FA_SETTING, "re");
    if (file == NULL)
        return "this kernel has no transparent huge pages";
    if (fgets(text, sizeof text, file) == NULL)
        text[0] = 0;
    fclose(file);
    return strstr(text, "[never]") ? "transparent huge pages are switched off (" FA_SETTING ")" : NULL;
}

/* One huge page more than is wanted is mapped, so that there is an aligned region in it, and the rest is unmapped. */
static char *fa_map(void)
{
    char *found = mmap(NULL, FA_REGION + FA_HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED)
        return NULL;
    size_t before = (size_t)(-(uintptr_t)found % FA_HUGE_PAGE);
    if (before > 0)
        munmap(found, before);
    munmap(found + before + FA_REGION, FA_HUGE_PAGE - before);
    madvise(found + before, FA_REGION, MADV_HUGEPAGE);
    return found + before;
}

static uint32_t fa_all_slots(void)
{
    return fa_slot == FA_SMALLEST ? UINT32_MAX : ((uint32_t)1 << (FA_REGION / fa_slot)) - 1;
}

/* A region with a free slot, the newest first, or NULL. */
static fa_region *fa_with_room(void)
{
    for (int i = fa_count; --i >= 0;)
        if (fa_regions[i].taken != fa_all_slots())
            return &fa_regions[i];
    char *start = fa_count < FA_MOST_REGIONS ? fa_map() : NULL;
    if (start == NULL)
        return NULL;
    fa_regions[fa_count] = (fa_region){start, 0};
    return &fa_regions[fa_count++];
}

static void *fa_allocate(void *Py_UNUSED(context), size_t size)
{
    if (fa_slot == 0 && size >= FA_SMALLEST && size <= FA_REGION && FA_REGION % size == 0)
        fa_slot = size;
    fa_region *region = fa_is_wanted && size == fa_slot ? fa_with_room() : NULL;
    if (region == NULL)
        return fa_former.alloc(fa_former.ctx, size);
    int slot = __builtin_ctz(~region->taken);
    region->taken |= (uint32_t)1 << slot;
    return region->start + slot * fa_slot;
}

static fa_region *fa_region_of(void *address)
{
    for (int i = fa_count; --i >= 0;)
        if ((uintptr_t)address - (uintptr_t)fa_regions[i].start < FA_REGION)
            return &fa_regions[i];
    return NULL;
}

static void fa_free(void *Py_UNUSED(context), void *address, size_t size)
{
    fa_region *region = fa_region_of(address);
    if (region == NULL) {
        fa_former.free(fa_former.ctx, address, size);
        return;
    }
    region->taken &= ~((uint32_t)1 << ((uintptr_t)((char *)address - region->start) / fa_slot));
    if (region->taken) {
        madvise(address, size, MADV_DONTNEED);
        return;
    }
    munmap(region->start, FA_REGION);
    *region = fa_regions[--fa_count];
}

static const PyObjectArenaAllocator fa_ours = {NULL, fa_allocate, fa_free};

static int fa_is_current(void)
{
    PyObjectArenaAllocator found;
    PyObject_GetArenaAllocator(&found);
    return found.alloc == fa_ours.alloc && found.ctx == fa_ours.ctx;
}

/* Somebody who has put an allocator above ours hands on to ours: then it stays in its place. */
static void fa_begin(void)
{
    fa_is_wanted = 1;
    if (fa_is_there)
        return;
    PyObjectArenaAllocator ours = fa_ours;
    PyObject_GetArenaAllocator(&fa_former);
    PyObject_SetArenaAllocator(&ours);
    fa_is_there = 1;
}

static void fa_end(void)
{
    fa_is_wanted = 0;
    if (!fa_is_there || fa_count > 0 || !fa_is_current())
        return;
    PyObject_SetArenaAllocator(&fa_former);
    fa_is_there = 0;
}

static int fa_is_active(void)
{
    return fa_is_wanted && fa_is_there;
}

static size_t fa_held(void)
{
    return (size_t)fa_count * FA_REGION;
}

#else

static const char *fa_obstacle(void)
{
#ifdef Py_GIL_DISABLED
    return "free-threaded builds have no arenas";
#else
    return "only Linux has transparent huge pages";
#endif
}

static void fa_begin(void) {}
static void fa_end(void) {}
static int fa_is_active(void) { return 0; }
static size_t fa_held(void) { return 0; }

#endif
#endif
