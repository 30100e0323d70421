"""The document: made from a template, saved as a whole, loaded as it was saved."""

from tests.studio.conftest import Studio, body_of, new_document, version


async def test_a_new_document_has_all_scenes_the_presets_colours_the_music_and_no_values_of_its_own(
    studio: Studio,
) -> None:
    async with studio.client() as client:
        template = (await client.get("/v1/projects/promo")).json()
        document = await new_document(client)
    assert [scene["scene_key"] for scene in document["scenes"]] == [scene["key"] for scene in template["scenes"]]
    assert all(scene["values"] == {} for scene in document["scenes"])
    assert document["palette"] == next(preset["colors"] for preset in template["presets"] if preset["is_default"])
    assert document["audio"]["music_track_id"] == template["music"][0]["track_id"]
    assert document["duration_frames"] == sum(scene["duration_frames"] for scene in template["scenes"])
    assert document["title"] == template["title"]["fa"]


async def test_a_saved_document_is_loaded_as_it_was_saved(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        body = body_of(document)
        body["title"] = "فیلم من"
        body["scenes"] = [
            body["scenes"][2],
            {**body["scenes"][0], "duration_frames": 45},
            {**body["scenes"][2], "id": None},
        ]
        body["audio"]["music_volume"] = 0.25
        saved = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))
        assert saved.status_code == 200, saved.text
        loaded = (await client.get(f"/v1/saved-projects/{document['id']}")).json()
    assert loaded == saved.json()
    assert [scene["id"] for scene in loaded["scenes"]][:2] == [document["scenes"][2]["id"], document["scenes"][0]["id"]]
    assert loaded["row_version"] > document["row_version"]
    assert saved.headers["etag"] == f'"{loaded["row_version"]}"'
    stripped = body_of(loaded)
    for scene in (*stripped["scenes"], *body["scenes"]):
        scene.pop("id")
    assert stripped == body


async def test_a_preview_of_unsaved_persian_text_comes_back_with_its_glyphs(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        template = (await client.get("/v1/projects/promo")).json()
        scene = template["scenes"][0]
        field = next(f for f in scene["fields"] if f["type"] in ("text", "textarea"))
        answer = await client.post(
            f"/v1/saved-projects/{document['id']}/preview",
            json={
                "scene": {"scene_key": scene["key"], "values": {field["key"]: "سلام دنیا"}, "colors": {}},
                "max_width": 960,
            },
        )
    assert answer.status_code == 200, answer.text
    resolved = answer.json()
    assert resolved["lottie"]["chars"]
    assert resolved["frames"] == scene["duration_frames"]
    assert (resolved["width"], resolved["height"]) == (1920, 1080)


async def test_pressing_render_freezes_the_document_and_makes_one_job(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        first = await client.post(f"/v1/saved-projects/{document['id']}/render", json={"profile": "draft"})
        assert first.status_code == 202, first.text
        second = await client.post(f"/v1/saved-projects/{document['id']}/render", json={"profile": "draft"})
    assert first.json()["id"] == second.json()["id"]
    assert len(studio.render.requests) == 1
    film = studio.render.requests[0].input
    assert [scene.scene_key for scene in film.scenes] == [scene["scene_key"] for scene in document["scenes"]]
    assert [track.kind for track in film.tracks] == ["music"]
