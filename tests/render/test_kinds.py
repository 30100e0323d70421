"""Films of other kinds and with transitions, from profile to file."""

import av
import numpy as np
import pytest
from PIL import Image

from flatrender.contracts.render import SceneTransition
from flatrender.engine.errors import RenderError
from flatrender.services.render.endpoints import profiles_out
from flatrender.services.render.queries.jobs import ProfileRow
from flatrender.services.render.service.planning import film_settings, output_kind
from tests.engine_film.conftest import film_numbers, read_number
from tests.render.farm import Farm

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_film_with_transitions_is_drawn_by_a_node_and_exact_beside_them(farm: Farm) -> None:
    transitions = [SceneTransition(kind="dissolve", duration_ms=300), SceneTransition(kind="push", duration_ms=200)]
    async with farm.real_node():
        made = await farm.create("a", "b", "c", profile="1080p-webm", transitions=transitions)
        job = await farm.until(made.id, "completed")
    path = farm.film_path(job)
    numbers = film_numbers(path)
    assert len(numbers) == job["total_frames"] == 30 + 40 + 20 - 9 - 6
    assert numbers[:21] == list(range(21))
    assert numbers[30:55] == list(range(109, 134))
    assert numbers[61:] == list(range(206, 220))
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "vp9"
    (container_name, codecs) = farm.row("SELECT container, codecs FROM render.exports WHERE kind = 'video'")
    assert (container_name, codecs) == ("webm", "vp9")


async def test_a_gif_has_its_pictures_at_a_gentler_rate_and_a_poster(farm: Farm) -> None:
    async with farm.real_node():
        made = await farm.create("a", "b", profile="gif")
        job = await farm.until(made.id, "completed")
    with Image.open(farm.film_path(job)) as animation:
        numbers = []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            numbers.append(read_number(np.asarray(animation.convert("L"))))
    assert numbers == [*range(0, 30, 2), *range(100, 140, 2)]
    kinds = farm.rows("SELECT kind, container FROM render.exports ORDER BY kind")
    assert kinds == [("poster", "jpeg"), ("video", "gif")]


async def test_a_transition_more_than_there_are_gaps_fails_the_film_and_says_why(farm: Farm) -> None:
    made = await farm.create("a", transitions=[SceneTransition(kind="fade")])
    job = await farm.until(made.id, "failed")
    assert job["error_code"] == "settings_invalid"
    assert "one fewer than scenes" in job["error_message"]


def profile(**more: object) -> ProfileRow:
    facts = {
        "key": "p", "max_height": 1080, "crf": 18, "watermark": False, "container": "mp4", "video_codec": "h264",
        "pixel_format": "yuv420p", "bitrate_kbps": None,
    }  # fmt: skip
    return ProfileRow(**(facts | more))  # type: ignore[arg-type]  # each test names what it changes


@pytest.mark.parametrize(
    ("container", "codec", "pixels", "kind", "alpha"),
    [
        ("mp4", None, None, "mp4_h264", False),
        ("mp4", "hevc", "yuv420p", "mp4_h265", False),
        ("webm", "vp9", "yuva420p", "webm_vp9", True),
        ("webm", "av1", None, "webm_av1", False),
        ("mov", "prores", "yuva444p10le", "mov_prores_4444", True),
        ("mov", "prores", "yuv422p10le", "mov_prores_422", False),
        ("png_seq", "png", "rgba", "png_frames", True),
        ("gif", None, None, "gif", False),
    ],
)
async def test_a_profile_names_a_kind_of_output(container, codec, pixels, kind, alpha) -> None:  # type: ignore[no-untyped-def]
    row = profile(container=container, video_codec=codec, pixel_format=pixels)
    assert output_kind(row) == (kind, alpha)


async def test_a_profile_whose_container_cannot_hold_its_codec_is_refused() -> None:
    with pytest.raises(RenderError, match="correct its codec") as caught:
        film_settings(profile(container="webm", video_codec="h264"), width=192, height=108, fps=30)
    assert caught.value.code == "settings_invalid"


async def test_the_kinds_that_can_be_asked_for_say_what_they_are_for_and_the_tenants_own_win(farm: Farm) -> None:
    listed = (await farm.http.get("/v1/output-profiles")).json()["items"]
    by_key = {item["key"]: item for item in listed}
    assert [item["key"] for item in listed][:4] == ["draft", "apng", "gif", "webp"]
    assert set(by_key) >= {"720p", "1080p", "2160p", "1080p-h265", "1080p-webm", "1080p-alpha", "1080p-frames"}
    assert [item["key"] for item in listed if item["is_transparent"]] == ["apng", "1080p-alpha", "1080p-webm-alpha"]
    assert sorted(item["key"] for item in listed if not item["has_sound"]) == [
        "1080p-frames",
        "1080p-jpeg",
        "apng",
        "gif",
        "webp",
    ]
    assert (by_key["1080p-alpha"]["container"], by_key["1080p-frames"]["container"]) == ("mov", "png_seq")
    assert by_key["2160p"]["cost_multiplier"] == 4
    assert by_key["gif"]["name"]["en"] == "Animated GIF"
    broken = profile(key="broken", container="mp4", video_codec="vp9")
    assert profiles_out([broken, profile(watermark=True)])[0].model_dump() == {
        "key": "p",
        "name": {},
        "container": "mp4",
        "max_height": 1080,
        "is_transparent": False,
        "has_sound": True,
        "has_watermark": True,
        "cost_multiplier": 1.0,
    }
