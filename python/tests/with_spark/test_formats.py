"""CSV, JSON and Parquet through from_options, on files."""

import csv
import gzip
import io

import pytest

from awsglue.options import NotSupported
from rows import names, rows, types


@pytest.fixture
def read(glue, tmp_path):
    def make(content, format="csv", name="data", connection_options=None, **format_options):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return glue.create_dynamic_frame.from_options(
            connection_type="s3",
            connection_options={
                "paths": [(tmp_path / name).as_uri()],
                **(connection_options or {}),
            },
            format=format,
            format_options=format_options,
            transformation_ctx="x",
        )

    return make


@pytest.fixture
def written(glue, tmp_path):
    """Writes a frame and gives the text of its one file."""

    def make(frame, format="csv", **format_options):
        glue.write_dynamic_frame.from_options(
            frame=frame,
            connection_type="s3",
            connection_options={"path": (tmp_path / "out").as_uri()},
            format=format,
            format_options=format_options,
        )
        (file,) = (tmp_path / "out").iterdir()
        return file.read_text()

    return make


TITLES = (
    "movieId,title,genres\n"
    '11,"American President, The (1995)",Comedy|Drama|Romance\n'
    '2,"Misérables, Les (""1995"")",Drama\n'
    "3,  spaced ,\n"
)


def test_csv_is_read_as_strings_with_quotes_and_commas_in_them(read):
    made = read(TITLES, withHeader=True, separator=",", quoteChar='"', optimizePerformance=False)
    assert types(made) == {"movieId": "string", "title": "string", "genres": "string"}
    assert rows(made) == [
        ("11", "American President, The (1995)", "Comedy|Drama|Romance"),
        ("2", 'Misérables, Les ("1995")', "Drama"),
        ("3", "  spaced ", ""),
    ]


def test_csv_without_a_header_has_numbered_columns(read):
    made = read("1,x\n2,\n")
    assert names(made) == ["col0", "col1"]
    assert rows(made) == [("1", "x"), ("2", "")]


def test_csv_has_a_header_for_each_file_and_it_must_be_the_same(glue, tmp_path):
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("a,b\n3,4\n")

    def read():
        return glue.create_dynamic_frame_from_options(
            "s3", {"paths": [tmp_path.as_uri()]}, "csv", {"withHeader": True}
        )

    assert sorted(rows(read())) == [("1", "2"), ("3", "4")]
    (tmp_path / "3.csv").write_text("b,a\n6,5\n")
    with pytest.raises(Exception, match="header does not conform"):
        rows(read())


@pytest.mark.parametrize(
    "content, options, expected",
    [
        ("a\tb\n1\t'x\ty'\n", {"separator": "\t", "quoteChar": "'"}, [("1", "x\ty")]),
        ('a;b\n1;"x\n', {"separator": ";", "quoteChar": -1}, [("1", '"x')]),
        ('a,b\n1,"x\\"y"\n', {"escaper": "\\"}, [("1", 'x"y')]),
        ('a,b\n1,"x\ny"\n', {"multiLine": True}, [("1", "x\ny")]),
        ("a,b\r\n1,2\r\n", {}, [("1", "2")]),
    ],
)
def test_csv_options(read, content, options, expected):
    assert rows(read(content, withHeader=True, **options)) == expected


def test_csv_that_is_packed_is_known_by_its_name(read):
    made = read(gzip.compress(b"a\n1\n"), name="data.csv.gz", withHeader="true")
    assert rows(made) == [("1",)]


def test_csv_is_written_with_a_header_and_quotes_where_needed(frame, written):
    values = [
        (1, 'Say "Hi", (1995)'),
        (2, "two\nlines"),
        (3, "plain | text"),
        (4, "  spaced "),
        (5, ""),
        (None, None),
        (7, "back\\slash, and"),
    ]
    text = written(frame(values, "ITEM_ID long, TITLE string"))
    lines = text.split("\n")
    assert lines[0] == "ITEM_ID,TITLE"
    assert lines[1] == '1,"Say ""Hi"", (1995)"'
    assert "3,plain | text" in lines
    # Another reader of RFC 4180 gets the same values.
    assert [tuple(row) for row in csv.reader(io.StringIO(text))][1:] == [
        ("" if number is None else str(number), title or "") for number, title in values
    ]


def test_csv_writing_options(frame, written):
    source = frame([(1, "a,b"), (2, "c;'")], "n int, t string")
    assert written(source, separator=";", quoteChar="'", writeHeader=False) == "1;a,b\n2;'c;'''\n"


def test_what_was_written_is_read_again(frame, glue, tmp_path):
    source = frame([("1", 'a "b", c'), ("2", "")], "id string, t string")
    path = (tmp_path / "out").as_uri()
    source.write("s3", {"path": path}, "csv")
    again = glue.create_dynamic_frame_from_options(
        "s3", {"paths": [path]}, "csv", {"withHeader": True}
    )
    assert rows(again) == rows(source)


def test_json_lines_are_read_and_written(read, written):
    made = read('{"id":1,"s":{"a":"x"}}\n{"id":2,"s":null}\n', "json")
    assert types(made) == {"id": "bigint", "s": "struct<a:string>"}
    assert written(made, "json") == '{"id":1,"s":{"a":"x"}}\n{"id":2}\n'


def test_json_documents_may_span_lines(read):
    assert rows(read('[{"a": 1},\n {"a": 2}]', "json", multiLine=True)) == [(1,), (2,)]


@pytest.mark.parametrize("name", ["parquet", "glueparquet"])
def test_parquet_keeps_types(frame, glue, tmp_path, name):
    source = frame([(1, [1.5], "x")], "id int, l array<double>, t string")
    path = (tmp_path / "out").as_uri()
    source.write("s3", {"path": path}, name)
    (file,) = (tmp_path / "out").iterdir()
    assert file.name.endswith("-part-block-0-r-00000-snappy.parquet")
    again = glue.create_dynamic_frame_from_options("s3", {"paths": [path]}, "parquet")
    assert types(again) == types(source) and rows(again) == rows(source)


def test_text_may_be_packed(frame, glue, tmp_path):
    source = frame([(1,)], "id int")
    source.write("s3", {"path": (tmp_path / "out").as_uri(), "compression": "gzip"}, "csv")
    (file,) = (tmp_path / "out").iterdir()
    assert file.name.endswith("-part-r-00000.gz")
    assert gzip.decompress(file.read_bytes()) == b"id\n1\n"


@pytest.mark.parametrize(
    "format, options, error, said",
    [
        ("avro", {}, NotSupported, "format 'avro'"),
        (None, {}, NotSupported, "format None"),
        ("csv", {"withSchema": "x"}, NotSupported, "'withSchema'"),
        ("json", {"jsonPath": "$.a"}, NotSupported, "'jsonPath'"),
        ("parquet", {"mergeSchema": True}, NotSupported, "'mergeSchema'"),
        ("csv", {"quoteChar": "''"}, ValueError, "quoteChar is one character or -1"),
        ("csv", {"withHeader": "yes"}, ValueError, "'withHeader' is True or False"),
        ("csv", {"skipFirst": True}, NotSupported, "skipFirst"),
    ],
)
def test_reading_refuses_what_it_has_not(read, format, options, error, said):
    with pytest.raises(error, match=said):
        read("a\n1\n", format, **options)


@pytest.mark.parametrize(
    "format, options, error, said",
    [
        ("orc", {}, NotSupported, "format 'orc'"),
        ("csv", {"quoteChar": -1}, NotSupported, "without quotes"),
        ("csv", {"withHeader": True}, NotSupported, "'withHeader'"),
        ("parquet", {"compression": "lzo"}, NotSupported, "'lzo'"),
        ("json", {"strictMode": True}, NotSupported, "'strictMode'"),
    ],
)
def test_writing_refuses_what_it_has_not(frame, tmp_path, format, options, error, said):
    with pytest.raises(error, match=said):
        frame([(1,)], "a int").write("s3", {"path": tmp_path.as_uri()}, format, options)
    assert list(tmp_path.iterdir()) == []
