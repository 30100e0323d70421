"""What is decided before anything is drawn."""

from flatrender.services.render.service.planning import poster_frame


def test_the_poster_is_taken_two_thirds_into_the_first_scene_however_it_is_cut() -> None:
    assert poster_frame([("opening", 74), ("name", 149), ("ending", 200)]) == 49
    assert poster_frame([("opening", 37), ("opening", 74), ("name", 149)]) == 49
    assert poster_frame([("only", 0)]) == 0
