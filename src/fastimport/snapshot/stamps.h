/* What stands for the file system in a stamp, and what else a file tells of its provenance.

   The device number is no identity: it is another after a remount, a reboot, on another node, in another container. Where the file system
   has an identity of its own, that stands for it; where it has none that others see alike (overlay, NFS, FUSE), its type does. */
#ifndef FASTIMPORT_STAMPS_H
#define FASTIMPORT_STAMPS_H

#include "snapshot_format.h"

#if defined(__linux__)
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

enum { FS_SYSTEMS = 16 };
enum { FS_DOUBT_SHIFT = 8, FS_DOUBTS = 16 }; /* reasons.py has the words; up to FS_LAYERED they are recorded in flags */
enum { FS_RECENT = 1, FS_LAYERED = 10, FS_ELSEWHERE, FS_OTHER, FS_BY_CONTENT, FS_WARNING, FS_FORBIDDEN };
enum { FS_OVERLAY = 0x794c7630, FS_FUSE = 0x65735546, FS_NFS = 0x6969, FS_CIFS = (int)0xff534d42, FS_SMB = (int)0xfe534d42, FS_9P = 0x01021997,
       FS_XFS = 0x58465342, FS_F2FS = (int)0xf2f52010 };

/* Pairs of a device and a file system that were found to belong together, or not to; hashed, so that each is one atomic word. */
typedef struct {
    uint64_t known[FS_SYSTEMS];
    uint32_t next;
} fs_systems;

static inline uint64_t fs_hash_words(uint64_t first, uint64_t second, uint64_t third) {
    uint64_t words[3] = {first, second, third};
    uint64_t hash = fs_hash(words, sizeof words, 0);
    return hash ? hash : 1;
}

#if defined(__linux__)
/* The UUID, for file systems whose statfs has a device number; 0 where the kernel doesn't tell (before 6.9). */
static inline uint64_t fs_uuid_at(const char *path) {
    struct { unsigned char size, uuid[16]; } found = {0, {0}};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), failed;
    if (file < 0) return 0;
    failed = ioctl(file, _IOC(_IOC_READ, 0x15, 0, sizeof found), &found); /* FS_IOC_GETFSUUID */
    close(file);
    return failed ? 0 : fs_hash(found.uuid, sizeof found.uuid, 1);
}
#endif

/* The number for the file system of `path`, which is on `device`; its type in *kind. 0 where it can't be had. */
static inline uint64_t fs_system_at(const char *path, uint64_t device, uint32_t *kind) {
    *kind = 0;
#if defined(__linux__)
    struct statfs found;
    uint64_t id = 0;
    if (statfs(path, &found) != 0) return 0;
    *kind = (uint32_t)found.f_type;
    switch ((int)*kind) {
    case FS_OVERLAY: case FS_FUSE: case FS_NFS: case FS_CIFS: case FS_SMB: case FS_9P:
        return fs_hash_words(*kind, 0, 0);
    case FS_XFS: case FS_F2FS:
        id = fs_uuid_at(path);
        break;
    default:
        memcpy(&id, &found.f_fsid, sizeof id < sizeof found.f_fsid ? sizeof id : sizeof found.f_fsid);
    }
    return id ? fs_hash_words(*kind, id, 1) : fs_hash_words(*kind, device, 2);
#else
    (void)path;
    return fs_hash_words(0, device, 2);
#endif
}

/* Whether what is at `path`, on `device`, is on the recorded file system. */
static inline int fs_is_on(fs_systems *systems, const char *path, uint64_t device, uint64_t system) {
    uint64_t yes = fs_hash_words(device, system, 1), no = fs_hash_words(device, system, 0);
    uint32_t kind;
    for (int turn = 0; turn < FS_SYSTEMS; turn++) {
        uint64_t known = __atomic_load_n(&systems->known[turn], __ATOMIC_RELAXED);
        if (known == yes || known == no) return known == yes;
    }
    int is_same = system && fs_system_at(path, device, &kind) == system;
    uint32_t place = __atomic_fetch_add(&systems->next, 1, __ATOMIC_RELAXED) % FS_SYSTEMS;
    __atomic_store_n(&systems->known[place], is_same ? yes : no, __ATOMIC_RELAXED);
    return is_same;
}

/* What stat says of a file now. */
typedef struct {
    uint64_t device, inode;
    int64_t mtime_ns, ctime_ns;
} fs_now;

/* Why a file is not known to be the recorded one by its stamp; 0 if it is. */
#define FS_STAMP_DOUBT(systems, path, record, now) \
    fs_doubt(systems, path, (record)->flags, (record)->system, \
             (record)->inode == (now)->inode && (record)->mtime_ns == (now)->mtime_ns && (record)->ctime_ns == (now)->ctime_ns, (now)->device)
static inline int fs_doubt(fs_systems *systems, const char *path, uint32_t flags, uint64_t system, int is_same, uint64_t device) {
    int recorded = (int)(flags >> FS_DOUBT_SHIFT) % FS_DOUBTS;
    if (flags & FS_RACY) return recorded ? recorded : FS_RECENT;
    if (!fs_is_on(systems, path, device, system)) return FS_ELSEWHERE;
    return is_same ? 0 : FS_OTHER;
}

/* When the file was made (ns; 0: not told) and the number of the mount that it is reached by (0: not told): statx(2), called past
   the C library, which may be older than the kernel. */
static inline void fs_provenance(const char *path, int64_t *birth_ns, uint64_t *mount) {
    *birth_ns = 0;
    *mount = 0;
#if defined(__linux__) && defined(SYS_statx)
    _Alignas(8) unsigned char found[256];
    enum { BIRTH = 0x800, MOUNT = 0x1000, BIRTH_AT = 80, MOUNT_AT = 144 };
    uint32_t given, ns;
    int64_t s;
    memset(found, 0, sizeof found);
    if (syscall(SYS_statx, AT_FDCWD, path, 0, BIRTH | MOUNT, found) != 0) return;
    memcpy(&given, found, sizeof given);
    memcpy(&s, found + BIRTH_AT, sizeof s);
    memcpy(&ns, found + BIRTH_AT + 8, sizeof ns);
    if (given & BIRTH) *birth_ns = s * 1000000000 + ns;
    if (given & MOUNT) memcpy(mount, found + MOUNT_AT, sizeof *mount);
#else
    (void)path;
#endif
}

#endif
