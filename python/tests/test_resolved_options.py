"""getResolvedOptions: both forms of an option, and what is wrong with a call."""

import pytest

from awsglue.utils import GlueArgumentError, getResolvedOptions


def test_takes_both_forms_and_gives_strings():
    argv = ["script.py", "--bucket", "films", "--fraction=0.05", "--n", "100"]
    assert getResolvedOptions(argv, ["bucket", "fraction", "n"]) == {
        "bucket": "films",
        "fraction": "0.05",
        "n": "100",
    }


def test_gives_just_what_was_asked_for_and_what_the_service_passes():
    argv = [
        "s.py",
        "--other",
        "1",
        "--JOB_NAME",
        "j",
        "--JOB_RUN_ID",
        "jr_1",
        "--TempDir",
        "s3://b/t/",
    ]
    assert getResolvedOptions(argv, ["JOB_NAME"]) == {
        "JOB_NAME": "j",
        "JOB_RUN_ID": "jr_1",
        "TempDir": "s3://b/t/",
    }


def test_a_value_may_hold_equals_signs_spaces_and_begin_with_a_dash():
    argv = ["s.py", "--a", "x=y z", "--b=--c", "--n", "-1", "--empty", ""]
    assert getResolvedOptions(argv, ["a", "b", "n", "empty"]) == {
        "a": "x=y z",
        "b": "--c",
        "n": "-1",
        "empty": "",
    }


def test_names_are_whole_names():
    with pytest.raises(GlueArgumentError, match="required: --bucket$"):
        getResolvedOptions(["s.py", "--buck", "films", "--bucket_name", "x"], ["bucket"])


def test_the_last_of_several_wins():
    assert getResolvedOptions(["s.py", "--a", "1", "--a=2"], ["a"]) == {"a": "2"}


def test_names_all_that_are_missing():
    with pytest.raises(GlueArgumentError, match="required: --b, --d$"):
        getResolvedOptions(["s.py", "--a", "1", "--c", "2"], ["a", "b", "c", "d"])


@pytest.mark.parametrize("argv", [["s.py", "--a"], ["s.py", "--a", "--b", "1"]])
def test_tells_of_an_option_without_its_value(argv):
    with pytest.raises(GlueArgumentError, match="argument --a: expected one argument"):
        getResolvedOptions(argv, ["a"])


def test_an_option_that_nobody_asked_for_may_lack_a_value():
    argv = ["s.py", "--enable-metrics", "--a", "1"]
    assert getResolvedOptions(argv, ["a"]) == {"a": "1"}
