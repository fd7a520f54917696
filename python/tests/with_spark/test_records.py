"""Map and Filter: Python functions over records."""

import pytest

from awsglue.transforms import Filter, Map
from rows import names, rows, types


def test_filter_keeps_types_and_gives_structs_as_dicts(frame):
    source = frame([(1, ("x",)), (2, ("y",)), (3, None)], "n smallint, s struct<a:string>")
    kept = Filter.apply(frame=source, f=lambda r: r["s"] is not None and r["s"]["a"] == "y")
    assert types(kept) == types(source)
    assert rows(kept) == [(2, ("y",))]


def test_map_keeps_order_and_types_of_columns_and_appends_new_ones_by_name(frame):
    source = frame([(1, "a", 1.5), (2, "b", None)], "n int, t string, f float")

    def change(record):
        record["z"] = record["n"] * 10
        record["b"] = {"upper": record["t"].upper()}
        record["n"] = record["n"] + 1
        return record

    made = Map.apply(frame=source, f=change)
    assert types(made) == {
        "n": "int",
        "t": "string",
        "f": "float",
        "b": "struct<upper:string>",
        "z": "bigint",
    }
    assert rows(made) == [(2, "a", 1.5, ("A",), 10), (3, "b", None, ("B",), 20)]


def test_map_drops_a_column_that_no_record_has_and_fills_one_that_some_have(frame):
    def change(record):
        made = {"t": record["t"]}
        if record["n"] == 2:
            made["extra"] = "e"
        return made

    made = frame([(1, "a"), (2, "b")], "n int, t string").map(change)
    assert names(made) == ["t", "extra"]
    assert rows(made) == [("a", None), ("b", "e")]


def test_map_may_change_a_type(frame):
    made = frame([("1",), ("2",)], "n string").map(lambda r: {"n": int(r["n"])})
    assert types(made) == {"n": "bigint"}


def test_map_keeps_maps_and_lists(frame):
    source = frame([({"k": 1}, [1, 2])], "m map<string,int>, l array<smallint>")
    made = source.map(lambda r: r)
    assert types(made) == types(source)
    assert rows(made) == rows(source)


def test_map_keeps_the_type_of_a_column_that_is_null_everywhere(frame):
    made = frame([(None,)], "n int").map(lambda r: {**r, "new": None})
    assert types(made) == {"n": "int", "new": "string"}


def test_map_of_no_records_keeps_the_columns(frame):
    made = frame([], "n int").map(lambda r: r)
    assert types(made) == {"n": "int"} and rows(made) == []


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda r: r["missing"], "KeyError: 'missing'"),
        (lambda r: None, "gives a record back, got NoneType"),
    ],
)
def test_an_exception_in_a_function_ends_the_job(frame, change, said):
    with pytest.raises(Exception, match=said):
        frame([(1,)], "n int").map(change).count()


def test_a_value_too_large_for_its_column_is_an_error(frame):
    made = frame([(1,)], "n int").map(lambda r: {"n": 1 << 40})
    with pytest.raises(Exception, match="must be greater than .* got 1099511627776"):
        made.count()
