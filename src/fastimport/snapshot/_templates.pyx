"""Making templates of marshalled code, and the strings that the modules of a snapshot share. Loaded only when one is made."""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

cdef extern from "template_writer.h" nogil:
    ctypedef struct ft_texts:
        const unsigned char *(*find)(void *owner, uint32_t number, uint32_t *size, int *is_ascii) noexcept
        void *owner
        const unsigned char *caches
    ctypedef struct fw_string:
        const unsigned char *data
        uint32_t size, number
        int is_ascii
    ctypedef struct fw_reader:
        fw_string *strings
        uint32_t string_count
    int fw_open(fw_reader *reader, const unsigned char *data, uint64_t size) noexcept
    void fw_close(fw_reader *reader) noexcept
    int fw_width(const fw_reader *reader) noexcept
    uint64_t fw_size(const fw_reader *reader, int width) noexcept
    int fw_write(const fw_reader *reader, unsigned char *out) noexcept
    int ft_to_marshal(const unsigned char *data, uint64_t length, ft_texts *texts, unsigned char *out, uint64_t size) noexcept
    const unsigned char *ft_caches() noexcept

cdef enum:
    NOT_ASCII = 0x80000000U     # of an offset, which therefore has 31 bits
    MAX_TEXTS = 0x7FFFFFFF


def caches():
    """How many cache entries follow each of 256 instructions in templates; b"" where their counters are not set."""
    return b"" if ft_caches() == NULL else (<const char *>ft_caches())[:256]


cdef class TextTable:
    """The interned strings of all modules, each once, in the order in which they are met."""

    cdef dict numbers
    cdef unsigned char *data
    cdef uint64_t used, room
    cdef uint32_t *offsets
    cdef uint32_t count, offset_room

    def __cinit__(self):
        self.numbers = {}

    def __dealloc__(self):
        free(self.data)
        free(self.offsets)

    def encode(self, bytes marshalled not None):
        """The templates of a module's marshalled code, or None if it has to stay marshalled."""
        cdef fw_reader reader
        cdef int failed = fw_open(&reader, <const unsigned char *>PyBytes_AS_STRING(marshalled), PyBytes_GET_SIZE(marshalled))
        try:
            if failed or not self.number(&reader):
                return None
            templates = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>fw_size(&reader, fw_width(&reader)))
            if fw_write(&reader, <unsigned char *>PyBytes_AS_STRING(templates)) < 0:
                raise MemoryError
        finally:
            fw_close(&reader)
        return templates if self.decode(templates, PyBytes_GET_SIZE(marshalled)) == marshalled else None

    def decode(self, bytes templates not None, Py_ssize_t size):
        """The marshalled code of templates, `size` bytes; None if they are damaged."""
        cdef ft_texts texts
        texts.find, texts.owner, texts.caches = find_text, <void *>self, ft_caches()
        marshalled = PyBytes_FromStringAndSize(NULL, size)
        if ft_to_marshal(<const unsigned char *>PyBytes_AS_STRING(templates), PyBytes_GET_SIZE(templates), &texts,
                         <unsigned char *>PyBytes_AS_STRING(marshalled), size) < 0:
            return None
        return marshalled

    def sections(self):
        """The offsets, one more than there are strings, and the bytes."""
        end = (<uint32_t>self.used).to_bytes(4, "little")
        if self.count == 0:
            return end, b""
        return (<const char *>self.offsets)[:4 * self.count] + end, (<const char *>self.data)[:self.used]

    cdef bint number(self, fw_reader *reader) except -1:
        cdef uint32_t turn
        cdef fw_string *string
        for turn in range(reader.string_count):
            string = &reader.strings[turn]
            text = (<const char *>string.data)[:string.size]
            found = self.numbers.get(text)
            if found is None:
                if self.count == MAX_TEXTS or self.used + string.size > MAX_TEXTS:
                    return False
                found = self.numbers[text] = self.add(string)
            string.number = found
        return True

    cdef uint32_t add(self, const fw_string *string) except? 0:
        if self.used + string.size > self.room:
            self.room = 2 * self.room + string.size + 4096
            self.data = <unsigned char *>resized(self.data, self.room)
        if self.count == self.offset_room:
            self.offset_room = 2 * self.offset_room + 1024
            self.offsets = <uint32_t *>resized(self.offsets, 4 * <uint64_t>self.offset_room)
        memcpy(self.data + self.used, string.data, string.size)
        self.offsets[self.count] = <uint32_t>self.used | (0 if string.is_ascii else NOT_ASCII)
        self.used += string.size
        self.count += 1
        return self.count - 1


cdef void *resized(void *memory, uint64_t size) except NULL:
    cdef void *larger = realloc(memory, size)
    if larger == NULL:
        raise MemoryError       # what was there is the table's still
    return larger


cdef const unsigned char *find_text(void *owner, uint32_t number, uint32_t *size, int *is_ascii) noexcept:
    cdef TextTable table = <TextTable>owner
    if number >= table.count:
        return NULL
    cdef uint32_t start = table.offsets[number] & MAX_TEXTS
    size[0] = (table.offsets[number + 1] & MAX_TEXTS if number + 1 < table.count else <uint32_t>table.used) - start
    is_ascii[0] = not table.offsets[number] & NOT_ASCII
    return table.data + start
