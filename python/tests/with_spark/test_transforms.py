"""The other transforms, by AWS Glue's guide and the rules of dynamicframe.py."""

import pytest

from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection
from awsglue.options import NotSupported
from awsglue.transforms import (
    DropFields,
    DropNullFields,
    FlatMap,
    Join,
    MapToCollection,
    RenameField,
    ResolveChoice,
    SelectFields,
    SelectFromCollection,
    SplitFields,
    SplitRows,
)
from rows import names, rows, types


@pytest.fixture
def movies(frame):
    return frame([("1", "Heat"), ("2", "Ran"), (None, "Lost")], "movieId string, title string")


# Join


def test_join_is_inner_and_keeps_both_keys(frame, movies):
    ratings = frame([("9", "1"), ("8", "1"), ("7", "3")], "userId string, `(right) movieId` string")
    joined = Join.apply(
        frame1=movies, frame2=ratings, keys1=["movieId"], keys2=["`(right) movieId`"]
    )
    assert names(joined) == ["movieId", "title", "userId", "(right) movieId"]
    assert sorted(rows(joined)) == [("1", "Heat", "8", "1"), ("1", "Heat", "9", "1")]


def test_join_compares_keys_of_different_types(frame, movies):
    joined = Join.apply(movies, frame([(2, "x")], "id long, note string"), ["movieId"], ["id"])
    assert rows(joined) == [("2", "Ran", 2, "x")]


def test_join_puts_a_dot_before_the_names_that_the_first_frame_has(frame, movies):
    other = frame([("2", "Kurosawa", "again")], "movieId string, director string, TITLE string")
    joined = Join.apply(movies, other, ["movieId"], ["movieId"])
    assert names(joined) == ["movieId", "title", ".movieId", "director", ".TITLE"]
    assert rows(DropFields.apply(joined, ["`.movieId`"])) == [("2", "Ran", "Kurosawa", "again")]


def test_join_of_a_frame_with_itself(movies):
    joined = Join.apply(movies, movies, ["movieId"], ["movieId"])
    assert sorted(rows(joined)) == [("1", "Heat", "1", "Heat"), ("2", "Ran", "2", "Ran")]


def test_join_on_several_keys(frame):
    left = frame([(1, "a", "l1"), (1, "b", "l2")], "x int, y string, l string")
    right = frame([("b", 1, "r1"), ("c", 1, "r2")], "y2 string, x2 int, r string")
    joined = Join.apply(left, right, ["x", "y"], ["x2", "y2"])
    assert rows(joined) == [(1, "b", "l2", "b", 1, "r1")]


def test_join_never_matches_null(frame, movies):
    other = frame([(None, "x")], "id string, note string")
    assert rows(Join.apply(movies, other, ["movieId"], ["id"])) == []


@pytest.mark.parametrize(
    "keys1, keys2, said",
    [
        (["movieId"], ["nothing"], "no column 'nothing'"),
        (["movieId", "title"], ["movieId"], "one length"),
        ([], [], "needs a key"),
        ("movieId", "movieId", "two lists"),
    ],
)
def test_join_refuses_keys_that_are_none(movies, keys1, keys2, said):
    with pytest.raises(ValueError, match=said):
        Join.apply(movies, movies, keys1, keys2)


# SplitFields: the frames of the guide's example


def test_split_fields_gives_the_paths_and_the_rest_in_this_order(frame):
    source = frame(
        [("TX_WAREHOUSE", 220, 560, 350)],
        "warehouse_loc string, `data.strawberry` int, `data.pineapple` int, `data.mango` int",
    )
    split = SplitFields.apply(
        frame=source, paths=["`data.strawberry`", "`data.pineapple`"], name2="b", name1="a"
    )
    assert list(split.keys()) == ["a", "b"]
    first = SelectFromCollection.apply(dfc=split, key="a")
    rest = SelectFromCollection.apply(dfc=split, key=list(split.keys())[1])
    assert names(first) == ["data.strawberry", "data.pineapple"]
    assert rows(first) == [(220, 560)]
    assert names(rest) == ["warehouse_loc", "data.mango"]
    assert rows(rest) == [("TX_WAREHOUSE", 350)]


def test_split_fields_follows_the_order_of_the_paths_not_of_the_columns(frame):
    split = SplitFields.apply(frame([(1, 2, 3)], "a int, b int, c int"), ["c", "a"], "x", "y")
    assert names(split["x"]) == ["c", "a"]
    assert names(split["y"]) == ["b"]


def test_split_fields_splits_structs(frame):
    source = frame([((1, 2), 3)], "s struct<a:int,b:int>, c int")
    split = SplitFields.apply(source, ["s.a"], "x", "y")
    assert types(split["x"]) == {"s": "struct<a:int>"}
    assert types(split["y"]) == {"s": "struct<b:int>", "c": "int"}


def test_split_rows_divides_by_comparisons_and_null_goes_to_the_rest(frame):
    source = frame([(1,), (5,), (20,), (None,)], "n int")
    split = SplitRows.apply(source, {"n": {">": 1, "<": 20}}, "in", "out")
    assert rows(split["in"]) == [(5,)]
    assert rows(split["out"]) == [(1,), (20,), (None,)]


def test_split_rows_refuses_a_sign_that_it_has_not(frame):
    with pytest.raises(ValueError, match="got '~'"):
        SplitRows.apply(frame([(1,)], "n int"), {"n": {"~": 1}})


# Fields


def test_select_fields_takes_the_order_of_the_paths(frame):
    source = frame([(1, (2, 3))], "a int, s struct<x:int,y:int>")
    assert rows(SelectFields.apply(source, ["s.y", "a"])) == [((3,), 1)]
    assert types(SelectFields.apply(source, ["s.y"])) == {"s": "struct<y:int>"}


def test_select_fields_passes_over_what_is_not_there_unless_nothing_is_left(frame, caplog):
    source = frame([(1, 2)], "a int, b int")
    assert names(SelectFields.apply(source, ["b", "zz"])) == ["b"]
    assert "no column 'zz'" in caplog.text
    with pytest.raises(ValueError, match="none of"):
        SelectFields.apply(source, ["zz"])


def test_drop_fields_drops_within_structs_and_passes_over_what_is_not_there(frame):
    source = frame([(1, (2, 3)), (4, None)], "a int, s struct<x:int,y:int>")
    assert rows(DropFields.apply(source, ["s.x", "none"])) == [(1, (3,)), (4, None)]
    assert names(DropFields.apply(source, ["s.x", "s.y"])) == ["a"]
    assert names(DropFields.apply(source, paths=["s"])) == ["a"]


def test_a_list_of_paths_is_a_list(frame):
    with pytest.raises(ValueError, match="a list of paths, got 'a'"):
        DropFields.apply(frame([(1,)], "a int"), "a")


def test_rename_field_keeps_the_place(frame):
    source = frame([(1, (2, 3), 4)], "a int, s struct<x:int,y:int>, c int")
    assert names(RenameField.apply(source, "a", "A B")) == ["A B", "s", "c"]
    assert names(RenameField.apply(source, "s", "`s.t`")) == ["a", "s.t", "c"]
    assert types(RenameField.apply(source, "s.x", "s.z"))["s"] == "struct<z:int,y:int>"


@pytest.mark.parametrize(
    "old, new, error, said",
    [
        ("zz", "a", ValueError, "no column 'zz'"),
        ("a", "c", ValueError, "already"),
        ("s.x", "s.y", ValueError, "already"),
        ("a", "s.a", NotSupported, "another struct"),
    ],
)
def test_rename_field_refuses(frame, old, new, error, said):
    source = frame([(1, (2, 3), 4)], "a int, s struct<x:int,y:int>, c int")
    with pytest.raises(error, match=said):
        RenameField.apply(source, old, new)


def test_drop_null_fields_drops_what_is_null_in_every_record(frame):
    source = frame(
        [(1, None, (None, 1), None), (None, None, None, None)],
        "a int, b string, s struct<x:int,y:int>, t struct<z:int>",
    )
    made = DropNullFields.apply(frame=source)
    assert types(made) == {"a": "int", "s": "struct<y:int>"}
    assert rows(made) == [(1, (1,)), (None, None)]


def test_drop_null_fields_keeps_the_columns_of_an_empty_frame(frame):
    assert names(DropNullFields.apply(frame([], "a int, b int"))) == ["a", "b"]


# ResolveChoice


def test_resolve_choice_casts_in_place(frame):
    source = frame([("1", ("x", "3")), ("y", None)], "a string, s struct<p:string,q:string>")
    made = ResolveChoice.apply(frame=source, specs=[("a", "cast:long"), ("s.q", "project:int")])
    assert types(made) == {"a": "bigint", "s": "struct<p:string,q:int>"}
    assert rows(made) == [(1, ("x", 3)), (None, None)]


@pytest.mark.parametrize("choice", ["make_cols", "make_struct", "cast:long"])
def test_resolve_choice_has_nothing_to_do_for_columns_of_one_type(frame, choice):
    source = frame([("1",)], "a string")
    assert types(ResolveChoice.apply(frame=source, choice=choice)) == {"a": "string"}


@pytest.mark.parametrize(
    "arguments, error, said",
    [
        ({"specs": [("zz", "cast:long")]}, ValueError, "no column 'zz'"),
        ({"specs": [("a", "cast:lng")]}, ValueError, "no type 'lng'"),
        ({"specs": [("a", "melt")]}, ValueError, "got 'melt'"),
        ({"choice": "match_catalog"}, NotSupported, "catalog"),
        ({"choice": "make_cols", "specs": [("a", "cast:int")]}, ValueError, "not both"),
    ],
)
def test_resolve_choice_refuses(frame, arguments, error, said):
    with pytest.raises(error, match=said):
        ResolveChoice.apply(frame=frame([("1",)], "a string"), **arguments)


# Collections and frames


def test_a_collection_reads_like_a_dict_in_the_order_of_its_making(frame, glue):
    one, two = frame([(1,)], "a int"), frame([(2,)], "a int")
    made = DynamicFrameCollection({"z": one, "a": two}, glue)
    assert list(made.keys()) == list(made) == ["z", "a"]
    assert list(made.values()) == [one, two]
    assert made.select("a") is made["a"] is two
    assert len(made) == 2 and "z" in made and "b" not in made
    with pytest.raises(KeyError, match="no frame 'b'; there are"):
        made.select("b")


def test_a_collection_maps_its_frames(frame, glue):
    made = DynamicFrameCollection({"a": frame([(1, 2)], "x int, y int")}, glue)
    assert names(made.map(lambda one, ctx: one.drop_fields(["x"]))["a"]) == ["y"]
    assert names(MapToCollection.apply(made, DropFields, "frame", paths=["y"])["a"]) == ["x"]
    flat = FlatMap.apply(made, SplitFields, "frame", paths=["x"], name1="p", name2="q")
    assert list(flat.keys()) == ["a_p", "a_q"]


def test_a_collection_holds_frames_only(glue):
    with pytest.raises(TypeError, match="'a' is a int"):
        DynamicFrameCollection({"a": 1}, glue)


def test_a_frame_goes_to_spark_and_back(glue):
    data = glue.spark_session.range(10)
    made = DynamicFrame.fromDF(data.sample(False, 1.0, seed=0).repartition(3), glue, "n")
    assert made.name == "n" and made.count() == 10 and made.getNumPartitions() == 3
    assert made.schema().names == ["id"]
    assert made.errorsCount() == 0
    with pytest.raises(TypeError, match="got list"):
        DynamicFrame.fromDF([], glue, "n")


def test_generated_scripts_import_it_from_the_package():
    import awsglue

    assert awsglue.DynamicFrame is DynamicFrame
    with pytest.raises(ImportError, match="'GlueContex'"):
        from awsglue import GlueContex  # noqa: F401


def test_prints_its_schema_and_records(frame, capsys):
    source = frame([(1, [("x",)])], "id long, l array<struct<a:string>>")
    source.printSchema()
    source.show(1)
    assert capsys.readouterr().out == (
        "root\n|-- id: long\n|-- l: array\n|    |-- element: struct\n"
        "|    |    |-- a: string\n\n"
        '{"id":1,"l":[{"a":"x"}]}\n'
    )


def test_union_is_by_name(frame):
    made = frame([(1, 2)], "a int, b int").union(frame([(3, 4)], "b int, c int"))
    assert rows(made) == [(1, 2, None), (None, 3, 4)]


def test_a_method_that_is_not_there_says_so(frame):
    with pytest.raises(NotSupported, match="DynamicFrame.simplify_ddb_json is not there"):
        frame([(1,)], "a int").simplify_ddb_json()
