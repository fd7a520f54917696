"""Every scenario in tests/scenarios/ against a live server, each on a data folder of its own."""

import pytest

import scenario
from usher_server import ROOT

SCENARIOS = sorted((ROOT / "tests" / "scenarios").glob("*/*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_scenario(make_server, path):
    scenario.play(path, make_server())


def test_there_are_scenarios():
    assert len(SCENARIOS) > 10


# --- The player itself: what it must not let pass ----------------------------------------------


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        ({"a": 1}, {"a": 2}),
        ({"a": "x"}, {"a": "y*"}),
        ({"a": [1, 2]}, {"a": [1]}),
        ([], {}),
        ({"a": None}, {"a": False}),
    ],
)
def test_a_different_answer_is_noticed(found, wanted):
    with pytest.raises(AssertionError):
        scenario.compare(found, wanted, "$")


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "…": ""}),
        ({"a": "arn:aws:x"}, {"a": "arn:*:x"}),
        ({"a": 1.5}, {"a": "*"}),
        ({"a": [{"b": True}]}, {"a": [{"b": True}]}),
    ],
)
def test_an_answer_as_expected_passes(found, wanted):
    scenario.compare(found, wanted, "$")


def test_only_the_star_is_special():
    assert scenario.matches("a[b]?c", "a[b]?*")
    assert not scenario.matches("axc", "a?c")
    assert not scenario.matches("ab", "a")


@pytest.mark.parametrize(
    "text",
    [
        "call personalize.ListSchemas {}\n",
        "send GET / as\nanswers 200\n",
        "send GET /\nanswers 200\n",
        "cal personalize.ListSchemas {}\nanswers 200\n",
        "call personalize.ListSchemas {}\nanswers ok\n",
    ],
)
def test_a_scenario_that_is_not_right_is_refused(tmp_path, text):
    path = tmp_path / "wrong.txt"
    path.write_text(text)

    with pytest.raises(scenario.ScenarioError):
        scenario.read(path)
