"""Templates load from every form they come in, and what is unsafe or damaged is refused by name."""

import io
import json
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flatrender.engine.errors import EngineError, TemplateError
from flatrender.engine.inspect import inspect_template
from flatrender.engine.lottie.walk import all_layers
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load as loading
from flatrender.engine.template import load_template, pack

from .conftest import CORPUS
from .making import (
    encoded,
    field,
    fill,
    image_asset,
    layer,
    lottie,
    manifest,
    package,
    quarters,
    rectangle,
    solid,
    text_layer,
    written,
    zipped,
)

TITLE = field("headline", "text", [{"layer": "T", "property": "text"}], default={"fa": "سلام", "en": "Hello"})
SCENE = lottie([text_layer("T", "x"), layer(2, "P", refId="img")], assets=[image_asset("img", "a.png", 40, 20)])
FILES = package(SCENE, [TITLE], {"images/a.png": quarters(8, 8)})


def refused(source: Any, code: str, *words: str) -> None:
    with pytest.raises(TemplateError) as error:
        load_template(source)
    assert error.value.code == code, error.value
    for word in words:
        assert word in str(error.value)


def test_a_folder_and_its_archive_are_the_same_template(tmp_path: Path) -> None:
    folder = written({**FILES, ".hidden": b"x"}, tmp_path / "one")
    packed = pack(folder)
    assert packed == pack(written(FILES, tmp_path / "two"))
    (tmp_path / "one.frt").write_bytes(packed)
    loaded = [
        load_template(folder),
        load_template(tmp_path / "one.frt"),
        load_template(packed),
        load_template(zipped({f"one/{n}": d for n, d in FILES.items()})),
    ]
    assert len({template.sha256 for template in loaded}) == 1
    assert len({resolve_scene(template, "one").sha256 for template in loaded}) == 1
    changed = load_template(zipped({**FILES, "images/a.png": quarters(16, 8)}))
    assert changed.sha256 != loaded[0].sha256


def test_a_bare_lottie_offers_its_texts_pictures_and_colors() -> None:
    shapes = [
        rectangle(9, 9, fill([1, 0, 0, 1])),
        rectangle(9, 9, fill([1, 0, 0, 1])),
        rectangle(9, 9, fill([0, 0, 1, 1])),
    ]
    animation = lottie(
        [
            text_layer("Title", "Hi"),
            text_layer("Title", "Second\rline"),
            layer(2, "Photo", refId="img"),
            layer(4, "S", shapes=shapes),
        ],
        assets=[image_asset("img", "a.png", 40, 20)],
    )
    template = load_template(encoded(animation), name="logo.json")
    (scene,) = template.scenes
    assert (scene.key, scene.duration_frames, template.fps, template.sizes[0].width) == ("main", 60, 30, 600)
    assert [(f.key, f.type, f.default) for f in scene.fields] == [
        ("title", "text", "Hi"),
        ("title_2", "textarea", "Second\nline"),
        ("image_photo", "image", None),
    ]
    assert [(s.key, s.default) for s in template.color_slots] == [("color_1", "#ff0000"), ("color_2", "#0000ff")]
    drawn = json.loads(resolve_scene(template, "main", colors={"color_1": "#00ff00"}).lottie)
    assert [group["it"][1]["c"]["k"] for group in drawn["layers"][3]["shapes"]] == [
        [0, 1, 0, 1],
        [0, 1, 0, 1],
        [0, 0, 1, 1],
    ]
    changed = [resolve_scene(template, "main", values={key: "other"}).sha256 for key in ("title", "title_2")]
    assert len({*changed, resolve_scene(template, "main").sha256}) == 3


def test_a_bare_lottie_finds_the_pictures_beside_it_and_none_outside(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    assets = [image_asset("in", "a.png", 9, 9), image_asset("out", "../secret.png", 9, 9)]
    written(
        {"anim.json": encoded(lottie([solid("S", "#000000")], assets=assets)), "images/a.png": quarters(9, 9)}, folder
    )
    written({"secret.png": quarters(9, 9)}, tmp_path)
    drawn = json.loads(resolve_scene(load_template(folder / "anim.json"), "main").lottie)
    assert [bool(asset["p"]) for asset in drawn["assets"]] == [True, False]


@pytest.mark.parametrize(
    ("described", "animation", "pictures"),
    [
        ({"version": "1.0", "animations": [{"id": "a1"}]}, "animations/a1.json", "images"),
        ({"version": "2", "animations": [{"id": "a1"}]}, "a/a1.json", "i"),
        ({"version": "2", "animations": [{"id": "x"}, {"id": "a1"}], "initial": {"animation": "a1"}}, "a/a1.json", "i"),
    ],
)
def test_dotlottie_of_both_versions_loads_with_its_pictures(
    described: dict[str, Any], animation: str, pictures: str
) -> None:
    inner = lottie([layer(2, "P", refId="img")], assets=[{**image_asset("img", "a.png", 40, 20), "u": f"/{pictures}/"}])
    template = load_template(
        zipped({"manifest.json": encoded(described), animation: encoded(inner), f"{pictures}/a.png": quarters(8, 8)})
    )
    resolved = resolve_scene(template, "main")
    assert not resolved.warnings
    assert json.loads(resolved.lottie)["assets"][0]["p"].startswith("data:image/")


NESTED = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"hello", "not_json"),
        (b'{"layers": [', "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b'{"w": NaN}', "not_json"),
        (b"[1, 2]", "not_lottie"),
        (b"{}", "not_lottie"),
        (encoded({**SCENE, "layers": 5}), "not_lottie"),
        (encoded({**SCENE, "layers": [5]}), "not_lottie"),
        (encoded({**SCENE, "w": "600"}), "not_lottie"),
        (encoded({**SCENE, "w": 10**6}), "not_lottie"),
        (encoded({**SCENE, "fr": 0}), "not_lottie"),
        (encoded({**SCENE, "op": 0}), "not_lottie"),
        (encoded({**SCENE, "op": 1e300}), "not_lottie"),
        (encoded({**SCENE, "assets": {"a": 1}}), "not_lottie"),
        (encoded({**SCENE, "layers": []}), "no_layers"),
        (encoded({**SCENE, "layers": [{}] * 20_001}), "template_too_large"),
        (NESTED.encode(), "template_too_large"),
        (encoded({**SCENE, "x": json.loads("[" * 200 + "]" * 200)}), "template_too_large"),
        (
            encoded(lottie([layer(0, "P", refId="a")], assets=[{"id": "a", "layers": [layer(0, "Q", refId="a")]}])),
            "not_lottie",
        ),
        (
            encoded(
                lottie(
                    [layer(0, "P", refId="0")],
                    assets=[{"id": str(n), "layers": [layer(0, "Q", refId=str(n + 1))] * 10} for n in range(9)],
                )
            ),
            "template_too_large",
        ),
    ],
)
def test_a_file_that_is_no_animation_is_refused(data: bytes, code: str) -> None:
    refused(data, code, "template")


def changed(**keys: Any) -> bytes:
    return zipped({**FILES, "template.json": encoded({**json.loads(FILES["template.json"]), **keys})})


def scenes(**keys: Any) -> list[dict[str, Any]]:
    return [{**json.loads(FILES["template.json"])["scenes"][0], **keys}]


@pytest.mark.parametrize(
    "data",
    [
        zipped({"readme.txt": b"x"}),
        zipped({**FILES, "template.json": b"[]"}),
        changed(format="flatrender-template/9"),
        changed(fps=0),
        changed(colour="x"),
        changed(sizes=[]),
        changed(sizes=[{"key": "16x9", "width": 601, "height": 340}]),
        changed(fps=25),
        changed(color_slots=[{"key": "a", "label": {}, "default": "red"}]),
        changed(presets=[{"key": "a", "name": {}, "colors": {"b": "#000000"}}]),
        changed(scenes=scenes() * 2),
        changed(scenes=scenes(key="../x")),
        changed(scenes=scenes(files={})),
        changed(scenes=scenes(files={"16x9": "../one.json"})),
        changed(scenes=scenes(duration_frames=61)),
        changed(scenes=scenes(snapshot_frame=60)),
        changed(scenes=scenes(fields=[TITLE, TITLE])),
        changed(scenes=scenes(fields=[field("a", "text", [{"layer": "T", "property": "color"}])])),
        changed(scenes=scenes(fields=[field("a", "text", [{"layer": "*", "property": "text"}])])),
        changed(scenes=scenes(fields=[field("a", "dropdown", [])])),
        changed(scenes=scenes(fields=[field("a", "movie", [])])),
        zipped(
            {
                **FILES,
                "fonts/a.ttf": b"no font",
                "template.json": encoded({**json.loads(FILES["template.json"]), "fonts": [{"file": "fonts/a.ttf"}]}),
            }
        ),
        zipped({"manifest.json": b"{}"}),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(data: bytes) -> None:
    refused(data, "manifest_invalid")


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({k: v for k, v in FILES.items() if k != "scenes/one.json"}, "scenes/one.json"),
        ({k: v for k, v in FILES.items() if k != "images/a.png"}, "a.png"),
        (
            {
                **FILES,
                "template.json": encoded(
                    {**json.loads(FILES["template.json"]), "music": [{"key": "a", "title": {}, "file": "music/a.ogg"}]}
                ),
            },
            "music/a.ogg",
        ),
        ({"manifest.json": encoded({"animations": [{"id": "gone"}]})}, "gone"),
    ],
)
def test_a_file_that_is_named_but_not_there_is_refused(files: dict[str, bytes], name: str) -> None:
    refused(zipped(files), "missing_asset", name)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.json", "missing_asset", "nowhere.json")


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries:
            file.writestr(name, data)
    return out.getvalue()


def with_mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "data",
    [
        archive(("../evil.json", b"x")),
        archive(("/etc/evil", b"x")),
        archive(("a/../../evil", b"x")),
        archive(("C:evil", b"x")),
        archive((with_mode("link", 0o120777), b"/etc/passwd")),
        archive((with_mode("device", 0o020666), b"")),
        archive(("A.json", b"x"), ("a.json", b"y")),
        archive(("x" * 300, b"x")),
        b"PK\x03\x04 and nothing more",
        zipped(FILES)[:-30],
    ],
)
def test_an_unsafe_archive_is_refused(data: bytes) -> None:
    refused(data, "archive_unsafe")


def test_a_backslash_in_a_name_is_refused() -> None:
    refused(archive(("a_b.json", b"x")).replace(b"a_b.json", b"a\\b.json"), "archive_unsafe")


def overlapping() -> bytes:
    """Fifty entries on one local header."""
    data = zipped({"a": b"x" * 1000})
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", data[end + 16 : end + 20])[0]
    entry = data[start:end]
    directory = b"".join(entry[:46] + bytes([65 + n]) + entry[47:] for n in range(50))
    tail = data[end : end + 8] + struct.pack("<HHIIH", 50, 50, len(directory), start, 0)
    return data[:start] + directory + tail


@pytest.mark.parametrize(
    "data",
    [
        archive(("template.json", b"\0" * 30_000_000)),
        archive(*((f"f{n}", b"") for n in range(5001))),
        overlapping(),
    ],
    ids=["ratio", "entries", "overlap"],
)
def test_an_archive_bomb_is_refused_before_it_is_unpacked(data: bytes) -> None:
    refused(data, "archive_bomb")


def test_an_entry_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(zipped({"template.json": b"x" * 5000}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    with pytest.raises(TemplateError) as error:
        load_template(bytes(data))
    assert error.value.code in ("archive_unsafe", "archive_bomb", "not_json")


def test_a_claim_of_two_gigabytes_is_refused_without_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(2 * 1024**3)
    start = time.monotonic()
    refused(huge, "template_too_large", "huge.json")
    data = bytearray(zipped({"template.json": b"x" * 5000}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 2**31)
    refused(bytes(data), "template_too_large")
    assert time.monotonic() - start < 2
    monkeypatch.setattr(loading, "MAX_FILE_BYTES", 10)
    refused(b"x" * 11, "template_too_large")


def test_a_symbolic_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    folder = written(FILES, tmp_path / "t")
    (folder / "images" / "b.png").symlink_to("/etc/passwd")
    refused(folder, "archive_unsafe", "b.png")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
BUSY = lottie(
    [
        text_layer("T", "سلام hello", sz=[300, 100], ps=[-150, -50], sid="ink"),
        layer(2, "P", refId="img"),
        layer(0, "C", refId="comp"),
        layer(4, "S", shapes=[rectangle(9, 9, fill([1, 0, 0, 1]))], ef=[{"ty": 21, "ef": [{"ty": 2, "v": {"a": 0, "k": [1, 1, 1, 1]}}]}]),
        solid("B", "#336699"),
    ],
    assets=[image_asset("img", "a.png", 40, 20), {"id": "comp", "layers": [text_layer("T", "b")]}],
    chars=[{"ch": "b", "fFamily": "Vazirmatn", "style": "Bold", "w": 50, "size": 60, "data": {"shapes": []}}],
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += paths(inner, (*at, key))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def use(data: bytes) -> None:
    """Load, describe and resolve; whatever is refused is refused with a code and a reason."""
    refusal: EngineError | None = None
    try:
        template = load_template(data)
        inspect_template(template)
        for scene in template.scenes:
            values = {f.key: "سلام" for f in scene.fields if f.type in ("text", "textarea")}
            colors = dict.fromkeys((s.key for s in template.color_slots), "#123456")
            resolve_scene(template, scene.key, values=values, colors=colors, frames=scene.duration_frames + 5)
    except EngineError as error:
        refusal = error
    assert refusal is None or (refusal.code != "engine_error" and str(refusal))


FUZZ = settings(max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(VALUES)
def test_arbitrary_json_is_loaded_or_refused(value: Any) -> None:
    use(encoded(value) if "\\ud" not in json.dumps(value) else json.dumps(value).encode())


def test_an_effect_of_no_known_kind_is_described() -> None:
    use(encoded(lottie([layer(4, "S", ef=[{"ty": []}, {"ty": {}}, {"ty": None}])])))


@FUZZ
@given(st.data())
def test_a_damaged_animation_is_drawn_or_refused(data: st.DataObject) -> None:
    animation = json.loads(encoded(BUSY))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(paths(animation)))
        put(animation, path, data.draw(VALUES))
        if not isinstance(animation, dict):
            break
    use(json.dumps(animation).encode())


@FUZZ
@given(st.data())
def test_a_damaged_package_is_used_or_refused(data: st.DataObject) -> None:
    described = json.loads(FILES["template.json"])
    path = data.draw(st.sampled_from(paths(described)))
    put(described, path, data.draw(VALUES))
    use(zipped({**FILES, "template.json": json.dumps(described).encode()}))


@FUZZ
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=8))
def test_a_damaged_archive_is_used_or_refused(at: int, junk: bytes) -> None:
    whole = zipped(FILES)
    at %= len(whole)
    use(whole[:at] + junk + whole[at + len(junk) :])


def corpus_files() -> list[Path]:
    folder = sorted((CORPUS / "fidelity").glob("*.json"))
    return [*sorted((CORPUS / "lottie").glob("*.json")), *folder[::6]]


@pytest.mark.skipif(not CORPUS.exists(), reason="the public test templates are not beside this checkout")
def test_public_animations_load_resolve_and_are_described() -> None:
    files = corpus_files()
    assert len(files) > 20
    for path in files:
        template = load_template(path)
        resolved = resolve_scene(template, "main")
        original = json.loads(path.read_bytes())
        drawn = json.loads(resolved.lottie)
        assert sum(1 for _ in all_layers(drawn)) >= sum(1 for _ in all_layers(original))
        assert resolved.frames == round(original["op"] - original["ip"])
        assert resolved.sha256 == resolve_scene(template, "main").sha256
        assert inspect_template(template).scenes[0].layers >= len(original["layers"])


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from flatrender.cli import main; main()", *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


def test_the_inspect_command_prints_for_people_and_for_programs(tmp_path: Path) -> None:
    folder = str(written(FILES, tmp_path / "t"))
    people = command("inspect", folder)
    assert people.returncode == 0, people.stderr
    assert "headline (text)" in people.stdout
    report = json.loads(command("inspect", folder, "--json").stdout)
    assert report["scenes"][0]["fields"][0]["default"] == {"fa": "سلام", "en": "Hello"}
    assert report["sha256"] == load_template(folder).sha256


def test_the_inspect_command_tells_a_problem_in_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(b"hello")
    run = command("inspect", str(bad))
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("flatrender: error: ")
    assert run.stderr.count("\n") == 1
    assert "bad.json" in run.stderr


def test_inspection_names_what_is_not_drawn_as_designed() -> None:
    odd = layer(
        4,
        "Odd",
        shapes=[{"ty": "rp"}],
        ddd=1,
        ef=[{"ty": 30, "nm": "Glow"}],
        ks={"o": {"a": 0, "k": 100, "x": "var $bm_rt"}, "rx": {"a": 0, "k": 30}},
    )
    report = inspect_template(
        load_template(
            encoded(
                lottie(
                    [odd, layer(13, "Cam"), text_layer("T", "x", f="None")],
                    fonts={"list": [{"fName": "None", "fFamily": "Nope", "fStyle": "Bold"}]},
                )
            )
        )
    )
    assert {w.code for w in report.warnings} == {
        "repeater",
        "three_dimensions",
        "effect",
        "expression",
        "layer_type",
        "font_missing",
    }
    assert [(f.family, f.available) for f in report.fonts] == [("Nope", False)]
    assert manifest()["key"] == "test"
