"""Sources and sinks on a server's S3: which objects are read, which appear, and no others."""

import re
import time
from types import SimpleNamespace

import boto3
import pytest

from awsglue import sinks
from awsglue.dynamicframe import DynamicFrameCollection
from awsglue.options import NotSupported
from awsglue.transforms import Spigot
from rows import names, rows


def read(glue, *paths, **options):
    return glue.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": list(paths), **options},
        format="csv",
        format_options={"withHeader": True},
    )


@pytest.fixture
def stored(s3):
    """Stores objects under a prefix of the bucket."""

    def put(prefix, **objects):
        for name, body in objects.items():
            s3.put_object(Bucket="films", Key=f"{prefix}/{name.replace('__', '/')}", Body=body)

    return put


# Sources


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_reads_one_object(glue, stored, scheme):
    stored(f"one {scheme}", a='id,title\n1,"x, ""y"""\n', b="id,title\n2,z\n")
    assert rows(read(glue, f"{scheme}://films/one {scheme}/a")) == [("1", 'x, "y"')]


def test_reads_a_prefix_without_its_folders_unless_told_to_recurse(glue, stored):
    stored("tree", a="id\n1\n", sub__b="id\n2\n", sub__deep__c="id\n3\n")
    assert rows(read(glue, "s3://films/tree/")) == [("1",)]
    assert sorted(rows(read(glue, "s3://films/tree", recurse=True))) == [("1",), ("2",), ("3",)]
    assert sorted(rows(read(glue, "s3://films/tree/a", "s3://films/tree/sub/"))) == [("1",), ("2",)]


def test_leaves_out_what_exclusions_match(glue, stored):
    stored("ex", a="id\n1\n", b="id\n2\n", sub__a="id\n3\n", sub__b="id\n4\n")

    def left(*patterns):
        quoted = ", ".join(f'"{pattern}"' for pattern in patterns)
        made = read(glue, "s3://films/ex/", recurse=True, exclusions=f"[{quoted}]")
        return sorted(row[0] for row in rows(made))

    assert left("**/a") == ["2", "4"]
    assert left("s3://films/ex/*") == ["3", "4"]
    assert left("**/sub/[!a]", "**/ex/{a,x}") == ["2", "3"]


@pytest.mark.parametrize(
    "options, error, said",
    [
        ({"paths": []}, ValueError, "names no path"),
        ({}, ValueError, "'paths' is a list"),
        ({"paths": "s3://films/x"}, ValueError, "'paths' is a list"),
        ({"paths": ["films/x"]}, ValueError, "a path begins with"),
        ({"paths": ["s3://films/x"], "boundedFiles": "1"}, NotSupported, "'boundedFiles'"),
        ({"paths": ["s3://films/x"], "recurse": 1}, ValueError, "'recurse' is True or False"),
        ({"paths": ["s3://films/x"], "exclusions": ["a"]}, ValueError, "a string with a JSON list"),
        ({"paths": ["s3://films/x"], "exclusions": '["{a"]'}, ValueError, "open brace"),
        ({"paths": ["s3://films/nothing/here"]}, Exception, "does not exist"),
    ],
)
def test_a_source_refuses(glue, options, error, said):
    with pytest.raises(error, match=said):
        glue.create_dynamic_frame.from_options("s3", options, "csv").count()


def test_only_s3_is_a_source_or_a_sink(glue, frame):
    with pytest.raises(NotSupported, match="'mysql'"):
        glue.create_dynamic_frame.from_options("mysql", {"url": "x"})
    with pytest.raises(NotSupported, match="'dynamodb'"):
        glue.write_dynamic_frame.from_options(frame([(1,)], "a int"), "dynamodb", {})
    with pytest.raises(NotSupported, match="no Data Catalog"):
        glue.create_dynamic_frame.from_catalog(database="d", table_name="t")
    with pytest.raises(NotSupported, match="no Data Catalog"):
        glue.write_dynamic_frame.from_catalog(frame=None, database="d", table_name="t")
    with pytest.raises(NotSupported, match="GlueContext.getSink is not there"):
        glue.getSink(connection_type="s3")


# Sinks


def write(glue, frame, path, **options):
    return glue.write_dynamic_frame.from_options(
        frame=frame,
        connection_type="s3",
        format="csv",
        connection_options={"path": path, **options},
    )


def test_a_frame_becomes_one_object_for_each_partition(glue, frame, s3, keys):
    before = time.time_ns() // 1_000_000
    source = frame([(i,) for i in range(20)], "n int").repartition(3)
    assert write(glue, source, "s3://films/parts/") is source
    after = time.time_ns() // 1_000_000

    written = keys("parts/")
    matches = [re.fullmatch(r"parts/run-(\d+)-part-r-(\d{5})", key) for key in written]
    assert [match.group(2) for match in matches] == ["00000", "00001", "00002"]
    (run,) = {int(match.group(1)) for match in matches}
    assert before <= run <= after
    lines = [
        s3.get_object(Bucket="films", Key=key)["Body"].read().decode().splitlines()
        for key in written
    ]
    assert {one[0] for one in lines} == {"n"}
    assert sorted(int(n) for one in lines for n in one[1:]) == list(range(20))


def test_a_collection_is_written_directly_under_the_path(glue, frame, s3, keys):
    made = DynamicFrameCollection(
        {"first": frame([(1,)], "a int"), "second": frame([(2,)], "b int")}, glue
    )
    write(glue, made, "s3://films/both")
    written = keys("both")
    assert len(written) == 2
    assert all(re.fullmatch(r"both/run-\d{13}-part-r-00000", key) for key in written)
    bodies = [s3.get_object(Bucket="films", Key=key)["Body"].read() for key in written]
    assert bodies == [b"a\n1\n", b"b\n2\n"]


def test_a_frame_without_rows_is_one_object_without_rows(glue, frame, s3, keys):
    write(glue, frame([], "a int, b int"), "s3://films/empty/")
    (key,) = keys("empty/")
    assert s3.get_object(Bucket="films", Key=key)["Body"].read() == b"a,b\n"


def test_a_frame_without_rows_has_no_folders_and_no_objects(glue, frame, keys):
    write(glue, frame([], "a int, b int"), "s3://films/empty by/", partitionKeys=["b"])
    assert keys("empty by/") == []


def test_partition_keys_become_folders(glue, frame, keys):
    source = frame([(1, "x y", 1), (2, "b/c", 2)], "n int, genre string, year int")
    write(glue, source, "s3://films/by/", partitionKeys=["year", "genre"])
    folders = [key.rpartition("/")[0] for key in keys("by/")]
    assert folders == ["by/year=1/genre=x y", "by/year=2/genre=b%2Fc"]
    again = read(glue, "s3://films/by/")
    assert names(again) == ["n", "year", "genre"]
    assert sorted(rows(again)) == [("1", 1, "x y"), ("2", 2, "b/c")]


def test_nothing_but_the_objects_ever_appears(glue, frame, server, s3, keys):
    """The bucket's events, which name every object that was made, are those of the objects."""
    sqs = server.client("sqs")
    queue = sqs.create_queue(QueueName="made")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    s3.create_bucket(Bucket="watched")
    s3.put_bucket_notification_configuration(
        Bucket="watched",
        NotificationConfiguration={
            "QueueConfigurations": [
                {"QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
            ]
        },
    )
    write(glue, frame([(1,), (2,)], "n int").repartition(2), "s3://watched/out/")
    s3.put_object(Bucket="watched", Key="last", Body=b"")

    seen = []
    while not any('"last"' in body for body in seen):
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        for message in answer.get("Messages", []):
            seen.append(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    made = sorted(re.findall(r'"key":"([^"]+)"', "".join(seen)))
    listed = s3.list_objects_v2(Bucket="watched")["Contents"]
    assert made == sorted(one["Key"] for one in listed)
    assert len(made) == 3


def test_objects_are_removed_when_one_cannot_be_put(glue, frame, monkeypatch, keys):
    put = sinks._S3Target.take_file

    def fail_at_the_second(self, file, name):
        if name.endswith("-00001"):
            raise OSError("no")
        put(self, file, name)

    monkeypatch.setattr(sinks._S3Target, "take_file", fail_at_the_second)
    with pytest.raises(OSError, match="no"):
        write(glue, frame([(1,), (2,)], "n int").repartition(2), "s3://films/half/")
    assert keys("half/") == []


def test_a_failing_frame_leaves_nothing(glue, frame, keys, tmp_path, monkeypatch):
    monkeypatch.setattr(sinks.tempfile, "mkdtemp", lambda prefix: str(tmp_path / "staging"))
    source = frame([(1,), (2,)], "n int").map(lambda record: {"n": record["n"]})
    broken = source.filter(lambda record: 1 // (2 - record["n"]))
    with pytest.raises(Exception, match="ZeroDivisionError"):
        write(glue, broken, "s3://films/broken/")
    assert keys("broken/") == []
    assert list(tmp_path.iterdir()) == []


def test_two_frames_never_share_their_milliseconds():
    made = [sinks._next_run_ms() for _ in range(1000)]
    assert len(set(made)) == 1000 and made == sorted(made)


def test_executors_elsewhere_stage_under_the_jobs_temp_dir(server, s3, keys):
    staging = sinks._S3Staging("s3://films/tmp")
    for name in ("part-00000-u-c000.csv", "_SUCCESS", "year=1/part-00001-u.c000.csv"):
        s3.put_object(Bucket="films", Key=staging.prefix + name, Body=name.encode())
    assert staging.uri.startswith("s3://films/tmp/glue-sink-")
    output = sinks.formats.output("csv", {}, None)
    sinks._publish(staging, "s3://films/elsewhere/", output)
    assert [re.sub(r"\d{13}", "MS", key) for key in keys("elsewhere/")] == [
        "elsewhere/run-MS-part-r-00000",
        "elsewhere/year=1/run-MS-part-r-00001",
    ]
    staging.remove()
    assert keys("tmp/") == []


def test_executors_elsewhere_need_the_jobs_temp_dir():
    context = SimpleNamespace(master="spark://cluster:7077")
    session = SimpleNamespace(sparkContext=context, conf=SimpleNamespace(get=lambda *_: None))
    with pytest.raises(NotSupported, match="spark://cluster:7077 .* --TempDir s3://bucket/prefix/"):
        with sinks._staging(session):
            pass


@pytest.mark.parametrize(
    "options, error, said",
    [
        ({}, ValueError, "needs the option 'path'"),
        ({"path": "films/x"}, ValueError, "a path begins with"),
        ({"path": "s3:///x"}, ValueError, "names no bucket"),
        ({"path": "s3://films/x", "partitionKeys": "n"}, ValueError, "'partitionKeys' is a list"),
        (
            {"path": "s3://films/x", "enableUpdateCatalog": True},
            NotSupported,
            "'enableUpdateCatalog'",
        ),
        ({"path": "s3://films/x", "compression": "zip"}, NotSupported, "'zip'"),
        ({"path": "s3://no-such-bucket/x"}, Exception, "NoSuchBucket"),
    ],
)
def test_a_sink_refuses(glue, frame, options, error, said):
    with pytest.raises(error, match=said):
        glue.write_dynamic_frame.from_options(frame([(1,)], "n int"), "s3", options, "csv")


def test_a_dataframe_is_not_a_dynamic_frame(glue):
    with pytest.raises(TypeError, match="got a DataFrame: DynamicFrame.fromDF"):
        write(glue, glue.spark_session.range(1), "s3://films/x/")


def test_spigot_writes_a_sample_and_passes_the_frame_on(glue, frame, s3, keys):
    source = frame([(i,) for i in range(100)], "n int")
    assert Spigot.apply(frame=source, path="s3://films/spigot/", options={"topk": 5}) is source
    lines = [
        line
        for key in keys("spigot/")
        for line in s3.get_object(Bucket="films", Key=key)["Body"].read().splitlines()
    ]
    assert len(lines) == 5


def test_the_scripts_own_boto3_finds_the_server(server):
    own = boto3.client("s3")
    assert own.meta.endpoint_url == server.endpoint
    assert "films" in [one["Name"] for one in own.list_buckets()["Buckets"]]
