"""unnest and relationalize, with the tables that AWS Glue's guide shows for such data."""

from awsglue.transforms import Relationalize, UnnestFrame
from rows import names, rows


def test_unnest_names_fields_by_their_path(frame):
    source = frame([((("Oslo",), 1), 2)], "a struct<b:struct<c:string>,d:int>, e int")
    made = UnnestFrame.apply(source)
    assert names(made) == ["a.b.c", "a.d", "e"]
    assert rows(made) == [("Oslo", 1, 2)]


def test_relationalize_gives_flat_data_one_table(frame):
    tables = Relationalize.apply(
        frame=frame([(1, ("x",))], "id int, s struct<n:string>"),
        staging_path="s3://t/",
        name="root",
    )
    assert list(tables.keys()) == ["root"]
    assert names(tables["root"]) == ["id", "s.n"]


def test_relationalize_makes_a_table_of_each_array(frame):
    source = frame(
        [("ann", [("fax", "1"), ("phone", "2")], [7]), ("bob", [], None)],
        "name string, contacts array<struct<type:string,value:string>>, nums array<int>",
        partitions=1,
    )
    tables = source.relationalize("root", "s3://t/")
    assert list(tables.keys()) == ["root", "root_contacts", "root_nums"]
    assert names(tables["root"]) == ["name", "contacts", "nums"]
    assert names(tables["root_contacts"]) == [
        "id",
        "index",
        "contacts.val.type",
        "contacts.val.value",
    ]
    assert names(tables["root_nums"]) == ["id", "index", "nums.val"]

    ann, bob = rows(tables["root"])
    assert bob[2] is None
    assert rows(tables["root_contacts"]) == [(ann[1], 0, "fax", "1"), (ann[1], 1, "phone", "2")]
    assert rows(tables["root_nums"]) == [(ann[2], 0, 7)]


def test_relationalize_goes_into_arrays_within_arrays(frame):
    tables = frame([([[1, 2], [3]],)], "a array<array<int>>").relationalize("r")
    assert list(tables.keys()) == ["r", "r_a", "r_a_a.val"]
    outer = {row[2]: row[1] for row in rows(tables["r_a"])}
    inner = [(outer[row[0]], row[1], row[2]) for row in rows(tables["r_a_a.val"])]
    assert sorted(inner) == [(0, 0, 1), (0, 1, 2), (1, 0, 3)]
