"""Why a record is of no use here: the numbers that the file and the reader have for it, in words, with the remedy."""

(
    SOUND, RECENT, NO_TIMES, IMAGE, USER_SPACE, UNKNOWN, WHOLE_SECONDS, OLDER, SHARED, MERGED, LAYERED,
    ELSEWHERE, CHANGED, CONTENT, WARNING, FORBIDDEN,
) = range(16)  # fmt: skip
"""Up to `LAYERED` they are recorded: the stamp said nothing then. The others are found out at use."""

RENEWABLE = (RECENT, ELSEWHERE, CHANGED)
"""Those that a new recording in the same place does not have."""

SHIFT = 8
"""Where the recorded reason is in the flags of a directory or of a source."""
MASK = 0xF << SHIFT

AGAIN = "fastimport build"
BY_CONTENT = "code is recognized by its content all the same; listings only at the level frozen"

TEXTS = {
    RECENT: ("changed so shortly before the recording that a later change might not show in the times", AGAIN),
    NO_TIMES: ("the file system keeps no times", BY_CONTENT),
    IMAGE: ("in an image, whose times its maker chose: the next image may have the same", BY_CONTENT),
    USER_SPACE: ("on a file system in user space (FUSE) or of the host, whose times are what a program says", BY_CONTENT),
    UNKNOWN: ("on a file system that is not known to keep true times", BY_CONTENT),
    WHOLE_SECONDS: ("the times are whole seconds, as makers of images choose them; no kernel writes such a ctime", BY_CONTENT),
    OLDER: ("the ctime is older than the file or than its file system: it was not the kernel that wrote it", BY_CONTENT),
    SHARED: ("everything there has the same ctime: it was chosen, not kept", BY_CONTENT),
    MERGED: ("a directory that an overlay merges from several layers, of which its times tell the topmost only", BY_CONTENT),
    LAYERED: ("in an overlay whose lower layers can't be seen, or don't tell when their files were made", BY_CONTENT),
    ELSEWHERE: ("on another file system than the recorded one", f"{AGAIN}, here"),
    CHANGED: ("changed since the recording", AGAIN),
    CONTENT: ("built by content, without stamps", BY_CONTENT),
    WARNING: ("compiling it warns, which importlib has to do", "nothing; at the level frozen it is used"),
    FORBIDDEN: ("only for the user who recorded it may see it", f"{AGAIN}, as this user"),
}
"""What is the matter, and the remedy."""
