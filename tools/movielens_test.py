"""movielens.py: which source is taken, and what is refused. No test reaches the network."""

import pytest

import movielens
import rdata


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(movielens, "CACHE", tmp_path / "cache")
    monkeypatch.delenv("MOVIELENS_DIR", raising=False)


def write_set(folder, ratings=1000, header="userId,movieId,rating,timestamp"):
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{i % 7},{i},3.5,{1_000_000 + i}\n" for i in range(ratings))
    (folder / "ratings.csv").write_text(f"{header}\n{rows}")
    (folder / "movies.csv").write_text('movieId,title,genres\n1,"Heat, The (1995)",Crime\n')
    return folder


def unreachable(out, say):
    raise movielens.MovieLensError("not reachable")


def test_the_folder_asked_for_wins_over_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MOVIELENS_DIR", str(write_set(tmp_path / "environment")))
    asked_for = write_set(tmp_path / "asked", ratings=1234)

    found = movielens.find(asked_for)

    assert found.folder == asked_for
    assert "1,234 ratings" in found.description
    assert found.titles() == {"1": "Heat, The (1995)"}


def test_a_folder_that_was_asked_for_must_be_right(tmp_path):
    with pytest.raises(movielens.MovieLensError, match="has no ratings.csv"):
        movielens.find(tmp_path)
    with pytest.raises(movielens.MovieLensError, match="expected userId,movieId,rating,timestamp"):
        movielens.find(write_set(tmp_path / "columns", header="user,movie,stars,time"))
    with pytest.raises(movielens.MovieLensError, match="999 ratings"):
        movielens.find(write_set(tmp_path / "few", ratings=999))


def test_falls_through_to_the_next_source_and_says_why(monkeypatch):
    monkeypatch.setattr(movielens, "_from_publisher", unreachable)
    monkeypatch.setattr(movielens, "_from_debian", lambda out, say: write_set(out))
    said = []

    found = movielens.find(say=said.append)

    assert found.folder.name == "debian"
    assert not found.synthetic
    assert said == ["publisher: not reachable"]


def test_a_set_that_was_fetched_before_is_not_fetched_again(monkeypatch):
    monkeypatch.setattr(movielens, "_from_publisher", unreachable)
    monkeypatch.setattr(movielens, "_from_debian", lambda out, say: write_set(out))
    first = movielens.find()
    monkeypatch.setattr(movielens, "_from_debian", unreachable)

    assert movielens.find() == first


def test_generated_ratings_are_called_synthetic(monkeypatch):
    monkeypatch.setattr(movielens, "_from_publisher", unreachable)
    monkeypatch.setattr(movielens, "_from_debian", unreachable)
    monkeypatch.setattr(movielens, "_from_generator", lambda out, say: write_set(out))

    found = movielens.find()

    assert found.synthetic
    assert "SYNTHETIC" in found.description


def test_a_source_that_breaks_half_way_leaves_nothing(monkeypatch):
    def breaks(out, say):
        write_set(out)
        raise movielens.MovieLensError("broke")

    monkeypatch.setattr(movielens, "_from_debian", breaks)

    with pytest.raises(movielens.MovieLensError, match="debian: broke"):
        movielens.find(sources=("debian",))
    assert list(movielens.CACHE.iterdir()) == []


def test_writes_a_data_frame_as_the_two_files_of_movielens(tmp_path):
    columns = {
        "movieId": [20, 10, 20],
        "title": ["Big, The", "Small", "Big, The"],
        "year": [1999, None, 1999],
        "genres": ["Drama", None, "Drama"],
        "userId": [1, 1, 2],
        "rating": [4.0, 0.5, 5.0],
        "timestamp": [100, 200, 300],
    }
    frame = rdata.Vector(
        [rdata.Vector(v) for v in columns.values()], {"names": rdata.Vector(list(columns))}
    )

    movielens.write_movielens(frame, tmp_path)

    assert (tmp_path / "ratings.csv").read_text() == (
        "userId,movieId,rating,timestamp\n1,20,4.0,100\n1,10,0.5,200\n2,20,5.0,300\n"
    )
    assert (tmp_path / "movies.csv").read_text() == (
        'movieId,title,genres\n10,Small,(no genres listed)\n20,"Big, The (1999)",Drama\n'
    )
