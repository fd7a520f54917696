"""ApplyMapping: the rules of mapping.py, one by one."""

import datetime
from decimal import Decimal

import pytest

from awsglue.transforms import ApplyMapping, Join, SelectFields
from rows import names, rows, types


def apply(frame, *mappings):
    return ApplyMapping.apply(frame=frame, mappings=list(mappings), transformation_ctx="x")


def test_keeps_only_the_mapped_columns_in_the_order_of_the_mappings(frame):
    made = apply(
        frame([("1", "2", "3")], "a string, b string, c string"),
        ("c", "string", "C", "string"),
        ("a", "string", "A", "string"),
    )
    assert names(made) == ["C", "A"]
    assert rows(made) == [("3", "1")]


def test_converts_when_the_source_is_of_the_declared_type(frame):
    made = apply(frame([("7",), ("x",), (None,)], "id string"), ("id", "string", "ID", "long"))
    assert types(made) == {"ID": "bigint"}
    assert rows(made) == [(7,), (None,), (None,)]


def test_renames_without_converting_when_it_is_of_another_type(frame):
    made = apply(frame([("7",), ("x",)], "userId string"), ("userId", "bigint", "u", "long"))
    assert types(made) == {"u": "string"}
    assert rows(made) == [("7",), ("x",)]


def test_a_second_mapping_that_declares_the_real_type_converts(frame):
    once = apply(frame([("7",)], "userId string"), ("userId", "bigint", "userId", "long"))
    made = apply(once, ("userId", "string", "USER_ID", "long"))
    assert rows(made) == [(7,)]


@pytest.mark.parametrize(
    "spelled, spark",
    [
        ("long", "bigint"),
        ("bigint", "bigint"),
        ("int", "int"),
        ("integer", "int"),
        ("smallint", "smallint"),
        ("short", "smallint"),
        ("tinyint", "tinyint"),
        ("byte", "tinyint"),
        ("double", "double"),
        ("float", "float"),
        ("boolean", "boolean"),
        ("decimal(12,3)", "decimal(12,3)"),
        ("decimal", "decimal(10,2)"),
        ("timestamp", "timestamp"),
        ("date", "date"),
    ],
)
def test_knows_the_names_of_types(frame, spelled, spark):
    made = apply(frame([("1",)], "a string"), ("a", "string", "b", spelled))
    assert types(made) == {"b": spark}
    # and the result is of the declared type under either name, so it converts again
    assert rows(apply(made, ("b", spelled, "c", "string")))[0][0] is None or types(
        apply(made, ("b", spelled, "c", "string"))
    ) == {"c": "string"}


def test_converts_values_as_sql_does(frame):
    made = apply(
        frame([("12.5", "2022-07-21 01:02:03", "true")], "n string, t string, b string"),
        ("n", "string", "d", "double"),
        ("n", "string", "m", "decimal(5,2)"),
        ("t", "string", "t", "timestamp"),
        ("b", "string", "b", "boolean"),
    )
    when = datetime.datetime(2022, 7, 21, 1, 2, 3)
    seconds = made.toDF().selectExpr("cast(t as long)").first()[0]
    assert rows(made)[0][:2] == (12.5, Decimal("12.50"))
    assert seconds == int(when.replace(tzinfo=datetime.timezone.utc).timestamp())
    assert rows(made)[0][3] is True


@pytest.mark.parametrize("later", ["(right) movieId", "`(right) movieId`"])
def test_back_ticks_are_quotes_and_both_forms_address_the_column(frame, later):
    renamed = apply(
        frame([("5",)], "movieId string"), ("movieId", "string", "`(right) movieId`", "string")
    )
    assert names(renamed) == ["(right) movieId"]
    assert rows(apply(renamed, (later, "string", "ITEM_ID", "long"))) == [(5,)]
    assert names(SelectFields.apply(frame=renamed, paths=[later])) == ["(right) movieId"]
    joined = Join.apply(frame([("5",)], "movieId string"), renamed, ["movieId"], [later])
    assert rows(joined) == [("5", "5")]


def test_back_ticks_keep_a_dot_in_a_name(frame):
    made = apply(
        frame([("x",)], "`this.old.name` string"),
        ("`this.old.name`", "string", "`new.name`", "string"),
    )
    assert names(made) == ["new.name"]


def test_dots_lead_into_structs_and_make_them(frame):
    source = frame([((("Oslo", "1"),), "k")], "a struct<b:struct<c:string,d:string>>, k string")
    made = apply(
        source,
        ("a.b.c", "string", "place.city", "string"),
        ("k", "string", "key", "string"),
        ("a.b.d", "string", "place.zip", "int"),
    )
    assert types(made) == {"place": "struct<city:string,zip:int>", "key": "string"}
    assert rows(made) == [(("Oslo", 1), "k")]


def test_names_are_found_in_any_case_unless_told_otherwise(frame, caplog):
    source = frame([("1", "2")], "userId string, other string")
    assert names(apply(source, ("USERID", "string", "u", "string"))) == ["u"]
    strict = ApplyMapping.apply(
        frame=source,
        mappings=[("USERID", "string", "u", "string"), ("other", "string", "o", "string")],
        case_sensitive=True,
    )
    assert names(strict) == ["o"]
    assert "no column 'USERID'" in caplog.text


def test_a_source_that_is_not_there_makes_no_column_and_the_log_names_it(frame, caplog):
    made = apply(
        frame([("1",)], "a string"),
        ("b", "string", "B", "string"),
        ("a", "string", "A", "string"),
    )
    assert names(made) == ["A"]
    assert "no column 'b'" in caplog.text and "there are a" in caplog.text


def test_the_log_tells_of_what_was_not_converted(frame, caplog):
    apply(frame([("1",)], "a string"), ("a", "bigint", "A", "long"))
    assert "'a' is string and not bigint" in caplog.text


@pytest.mark.parametrize(
    "mappings, said",
    [
        ([("b", "string", "B", "string")], "none of the mapped columns"),
        ([("a", "string", "A")], "a mapping is"),
        ([("a", "string", "A", "strng")], "no type 'strng'"),
        ([("a", "strng", "A", "string")], "no type 'strng'"),
        ([("a", "string", "A", "array")], "cast to the type 'array'"),
        ([("a", "string", "A", "string")] * 2, "'A' would be made twice"),
        ([("a", "string", "A", "string"), ("a", "string", "A.b", "string")], "within the column"),
        ([("a", "string", "`A", "string")], "no path"),
        ([("a", "string", "A..b", "string")], "no path"),
        ([("a", "string", "", "string")], "no path"),
    ],
)
def test_refuses_what_makes_no_sense(frame, mappings, said):
    with pytest.raises(ValueError, match=said):
        apply(frame([("1",)], "a string"), *mappings)
