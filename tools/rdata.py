"""Reads data frames out of an R package's lazy-load database (Rdata.rdx and Rdata.rdb).

Only what a data frame of numbers, text and factors needs: R's XDR serialization, versions 2 and 3
("R Internals", section 1.8), plain vectors, factors and compact (ALTREP) integer sequences. The
index (.rdx) is one gzip stream; each entry of the database (.rdb) is a 4-byte big-endian length of
the unpacked value followed by a zlib stream. Anything else is refused with RDataError.
"""

import array
import struct
import sys
import zlib
from pathlib import Path

MAX_ENTRY_BYTES = 256 << 20  # an unpacked entry beyond this is damage, not data
MAX_DEPTH = 200

NA_INTEGER = -(2**31)

# SEXP type codes, as R writes them in the low byte of an item's flags.
_SYMBOL, _PAIRLIST, _CHAR, _LOGICAL, _INTEGER, _REAL, _STRING, _LIST = 1, 2, 9, 10, 13, 14, 16, 19
_ALTREP, _ATTRIBUTE_PAIRLIST, _REFERENCE, _NIL = 238, 239, 255, 254
_HAS_ATTRIBUTES, _HAS_TAG = 0x200, 0x400


class RDataError(ValueError):
    """The bytes are not the R serialization that this reader knows."""


class Vector:
    """An R vector: `values` is a list or array, `attributes` a dict of Vectors."""

    def __init__(self, values, attributes=None):
        self.values = values
        self.attributes = attributes or {}

    def names(self):
        return self.attributes["names"].values

    def column(self, name):
        """A data frame's column as a list: factors as their labels, missing values as None."""
        vector = self.values[self.names().index(name)]
        if "levels" in vector.attributes:
            levels = vector.attributes["levels"].values
            return [None if v == NA_INTEGER else levels[v - 1] for v in vector.values]
        if isinstance(vector.values, array.array) and vector.values.typecode == "i":
            return [None if v == NA_INTEGER else v for v in vector.values]
        return list(vector.values)


class _Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0
        self.references = []

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise RDataError(f"R data ends early: {count} bytes wanted at offset {self.at}")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def numbers(self, typecode, width):
        values = array.array(typecode, self.take(self.integer() * width))
        if sys.byteorder == "little":
            values.byteswap()
        return values

    def header(self):
        if self.take(2) != b"X\n":
            raise RDataError("not an XDR serialization of R")
        version, _, _ = self.integer(), self.integer(), self.integer()
        if version not in (2, 3):
            raise RDataError(f"R serialization version {version} is not known, only 2 and 3 are")
        if version == 3:
            self.take(self.integer())  # the writer's native encoding; text carries its own flags

    def item(self, depth=0):
        if depth > MAX_DEPTH:
            raise RDataError("R data is nested too deeply")
        flags = self.integer()
        kind = flags & 0xFF
        if kind == _NIL:
            return None
        if kind == _REFERENCE:
            index = flags >> 8 or self.integer()
            return self.references[index - 1]
        if kind == _SYMBOL:
            self.references.append(self.item(depth + 1))
            return self.references[-1]
        if kind in (_PAIRLIST, _ATTRIBUTE_PAIRLIST):
            return self.pairlist(flags, depth)
        if kind == _CHAR:
            length = self.integer()
            return None if length == -1 else self.take(length).decode("utf-8", "replace")
        if kind == _ALTREP:
            return self.altrep(depth)
        if kind in (_LOGICAL, _INTEGER):
            values = self.numbers("i", 4)
        elif kind == _REAL:
            values = self.numbers("d", 8)
        elif kind in (_STRING, _LIST):
            values = [self.item(depth + 1) for _ in range(self.integer())]
        else:
            raise RDataError(f"R type {kind} is not known here")
        attributes = self.item(depth + 1) if flags & _HAS_ATTRIBUTES else None
        return Vector(values, attributes)

    def pairlist(self, flags, depth):
        """A linked list of tagged values, as a dict (values without a tag under their position)."""
        pairs = {}
        while flags & 0xFF != _NIL:
            if flags & _HAS_ATTRIBUTES:
                self.item(depth + 1)
            tag = self.item(depth + 1) if flags & _HAS_TAG else len(pairs)
            pairs[tag] = self.item(depth + 1)
            flags = self.integer()
        return pairs

    def altrep(self, depth):
        """A value that R keeps in a compact form: only integer ranges and wrapped vectors occur."""
        info, state, attributes = (self.item(depth + 1) for _ in range(3))
        name = info[0]
        if name == "compact_intseq":
            count, first, step = (int(v) for v in state.values)
            return Vector(array.array("i", range(first, first + count * step, step)), attributes)
        if name.startswith("wrap_"):
            wrapped = state[0] if isinstance(state, dict) else state.values[0]
            return Vector(wrapped.values, attributes or wrapped.attributes)
        raise RDataError(f"R's compact form {name!r} is not known here")


def loads(data):
    """One unpacked R serialization as Python values."""
    reader = _Reader(data)
    reader.header()
    return reader.item()


def _inflate(data, window_bits):
    stream = zlib.decompressobj(window_bits)
    unpacked = stream.decompress(data, MAX_ENTRY_BYTES)
    if not stream.eof:
        raise RDataError("a compressed R value is cut short or larger than this reader allows")
    return unpacked


def read_lazy_data(folder, name):
    """The value called `name` of the lazy-load database in `folder`."""
    folder = Path(folder)
    index = loads(_inflate((folder / "Rdata.rdx").read_bytes(), zlib.MAX_WBITS | 32))
    variables = index.values[index.names().index("variables")]
    if name not in variables.names():
        raise RDataError(f"no data called {name!r} in {folder}")
    offset, length = variables.values[variables.names().index(name)].values
    with open(folder / "Rdata.rdb", "rb") as database:
        database.seek(offset)
        entry = database.read(length)
    size = struct.unpack(">I", entry[:4])[0]
    unpacked = _inflate(entry[4:], zlib.MAX_WBITS)
    if len(unpacked) != size:
        raise RDataError(f"{name}: {len(unpacked)} bytes unpacked, the index says {size}")
    return loads(unpacked)
