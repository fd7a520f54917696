"""rdata.py against serializations written here by hand, byte for byte."""

import gzip
import struct
import zlib

import pytest

import rdata

HEADER = b"X\n" + struct.pack(">iii", 3, 0x040201, 0x030500) + struct.pack(">i", 5) + b"UTF-8"
NIL = struct.pack(">i", 254)


def text(value):
    return struct.pack(">ii", 9, len(value)) + value.encode()


def symbol(name):
    return struct.pack(">i", 1) + text(name)


def strings(*values, flags=16):
    return struct.pack(">ii", flags, len(values)) + b"".join(map(text, values))


def integers(*values, flags=13):
    return struct.pack(f">ii{len(values)}i", flags, len(values), *values)


def attribute(name, value):
    return struct.pack(">i", 2 | 0x400) + symbol(name) + value


def frame(names, *columns):
    """A list with the attribute `names`."""
    return (
        struct.pack(">ii", 19 | 0x200, len(columns))
        + b"".join(columns)
        + attribute("names", strings(*names))
        + NIL
    )


def test_reads_numbers_text_and_factors_of_a_data_frame():
    factor = integers(2, 1, rdata.NA_INTEGER, flags=13 | 0x200)
    factor += attribute("levels", strings("low", "high")) + NIL
    reals = struct.pack(">ii3d", 14, 3, 0.5, -1.25, 5.0)

    value = rdata.loads(
        HEADER
        + frame(
            ["n", "x", "level", "t"],
            integers(1, rdata.NA_INTEGER, 3),
            reals,
            factor,
            strings("a", "b", "c"),
        )
    )

    assert value.column("n") == [1, None, 3]
    assert value.column("x") == [0.5, -1.25, 5.0]
    assert value.column("level") == ["high", "low", None]
    assert value.column("t") == ["a", "b", "c"]


def test_a_symbol_that_occurs_again_is_a_reference():
    again = struct.pack(">i", 2 | 0x400) + struct.pack(">i", (1 << 8) | 255) + strings("y")
    inner = struct.pack(">ii", 19 | 0x200, 1) + integers(7) + again + NIL
    # The outer list's names come first in the bytes only as the inner list's reference needs them.
    value = rdata.loads(HEADER + struct.pack(">ii", 19, 2) + frame(["x"], integers(6)) + inner)

    assert value.values[0].names() == ["x"]
    assert value.values[1].names() == ["y"]


def test_reads_a_compact_range():
    info = struct.pack(">i", 2) + symbol("compact_intseq") + NIL
    state = struct.pack(">ii3d", 14, 3, 4.0, 10.0, 1.0)

    value = rdata.loads(HEADER + struct.pack(">i", 238) + info + state + NIL)

    assert list(value.values) == [10, 11, 12, 13]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"A\n",
        HEADER,
        HEADER + integers(1, 2, 3)[:-1],
        HEADER + struct.pack(">i", 99),
        HEADER + struct.pack(">ii", 13, -1),
        b"X\n" + struct.pack(">iii", 9, 0, 0),
        HEADER + struct.pack(">ii", 19, 1) * 300,
    ],
)
def test_refuses_what_is_damaged_or_unknown(damaged):
    with pytest.raises(rdata.RDataError):
        rdata.loads(damaged)


def lazy_database(folder, size=None):
    entry = HEADER + frame(["n"], integers(1, 2))
    packed = struct.pack(">I", size or len(entry)) + zlib.compress(entry)
    (folder / "Rdata.rdb").write_bytes(b"before" + packed + b"after")
    variables = frame(["numbers"], integers(len(b"before"), len(packed)))
    (folder / "Rdata.rdx").write_bytes(gzip.compress(HEADER + frame(["variables"], variables)))


def test_finds_an_entry_of_a_lazy_load_database_by_its_name(tmp_path):
    lazy_database(tmp_path)

    assert rdata.read_lazy_data(tmp_path, "numbers").column("n") == [1, 2]
    with pytest.raises(rdata.RDataError, match="no data called 'letters'"):
        rdata.read_lazy_data(tmp_path, "letters")


def test_refuses_an_entry_that_is_not_as_long_as_it_says(tmp_path):
    lazy_database(tmp_path, size=7)

    with pytest.raises(rdata.RDataError, match="7"):
        rdata.read_lazy_data(tmp_path, "numbers")
