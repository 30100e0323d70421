"""Requests that must be refused, each with the status, the code and the words of its answer."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from . import bad_projects, hostile
from .bad_world import MANY_BYTES, World
from .story import picture

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Refusal:
    """A request, and what its answer must say."""

    what: str
    status: int
    code: str
    says: tuple[str, ...]
    send: Callable[[World, Any], httpx.Response]
    before: Callable[[World], Any] = lambda _: None
    """What must be done first; its result is handed to `send`."""


def package(what: str, code: str, data: Callable[[], bytes], *says: str, name: str) -> Refusal:
    """Return the import of an uploaded file that is no usable template; the answer names the file."""
    return Refusal(
        what,
        422,
        f"content.{code}",
        (name, *says),
        lambda world, file_id: world.bring(file_id),
        before=lambda world: world.uploaded(data(), name),
    )


def simple(
    what: str, status: int, code: str, says: tuple[str, ...], send: Callable[[World], httpx.Response]
) -> Refusal:
    return Refusal(what, status, code, says, lambda world, _: send(world))


PROFILE = {"key": "ours", "name": {"en": "Ours"}, "container": "mp4", "max_height": 360}


def sign_in(world: World, email: str, password: str) -> httpx.Response:
    host = world.small.client.headers["Host"]
    return world.nobody.post("/v1/auth/login", json={"email": email, "password": password}, headers={"Host": host})


def try_often(world: World) -> str:
    email = f"{uuid.uuid4()}@example.org"
    for _ in range(5):
        assert sign_in(world, email, "guess").status_code == 401
    return email


REQUESTS = [
    simple("not JSON", 400, "not_json", ("not JSON", "character", "send"),
           lambda w: w.user.post("/v1/saved-projects", content=b"{nope", headers=JSON)),
    simple("not UTF-8", 400, "not_json", ("UTF-8",),
           lambda w: w.user.post("/v1/saved-projects", content=b'{"title": "\xff"}', headers=JSON)),
    simple("JSON nested 100 000 deep", 400, "not_json", ("nested",),
           lambda w: w.user.post("/v1/saved-projects", content=b"[" * 100_000, headers=JSON)),
    simple("JSON under another content type", 415, "unsupported_media_type", ("application/json", "text/plain"),
           lambda w: w.user.post("/v1/saved-projects", content=b"{}", headers={"Content-Type": "text/plain"})),
    simple("an unknown member", 422, "request_invalid", ("body.owner",),
           lambda w: w.user.post("/v1/saved-projects", json={"project_id": w.promo["id"], "owner": "me"})),
    simple("a member of another type", 422, "request_invalid", ("body.audio.music_volume",),
           lambda w: w.put(audio={"music_volume": "loud"})),
    simple("a quality that is not offered", 422, "render.unknown_profile", ("8k", "1080p"),
           lambda w: w.user.post(f"/v1/saved-projects/{w.document['id']}/render", json={"profile": "8k"})),
    simple("an output named twice", 422, "render.output_twice", ("twice",),
           lambda w: w.user.post(f"/v1/saved-projects/{w.document['id']}/render", json={"profile": "draft", "outputs": ["draft"]})),
    simple("a delivery target that is not there", 422, "render.unknown_target", ("delivery target",),
           lambda w: w.user.post(f"/v1/saved-projects/{w.document['id']}/render",
                                 json={"profile": "draft", "deliver_to": [str(uuid.uuid4())]})),
    simple("a profile that the engine cannot make", 422, "render.profile_invalid", ("vp9", "mp4"),
           lambda w: w.admin.post("/v1/admin/output-profiles", json=PROFILE | {"video_codec": "vp9"})),
    simple("a profile's key that is taken", 409, "render.name_taken", ("another key",),
           lambda w: w.admin.post("/v1/admin/output-profiles", json=PROFILE | {"key": "draft", "video_codec": "h264"})),
    simple("a delivery target in a private network", 422, "render.target_invalid", ("private network",),
           lambda w: w.admin.post("/v1/admin/delivery-targets",
                                  json={"name": "x", "kind": "webhook", "config": {"url": "https://10.0.0.1/"}})),
    simple("a file that is being made, downloaded", 409, "render.export_not_ready", ("pending",),
           lambda w: w.user.post(f"/v1/exports/{w.exports['pending']}/download-url", json={})),
    simple("a file that is being made, deleted", 409, "render.film_busy", ("cancel the film",),
           lambda w: w.user.delete(f"/v1/exports/{w.exports['pending']}")),
    simple("a file that has expired", 410, "render.export_expired", ("renew",),
           lambda w: w.user.post(f"/v1/exports/{w.exports['expired']}/download-url", json={})),
    simple("a delivery that is under way, sent again", 409, "render.delivery_under_way", ("on its way",),
           lambda w: w.admin.post(f"/v1/admin/deliveries/{w.delivery}/replay")),
    simple("the priority of a film that has ended", 409, "render.not_waiting", ("failed",),
           lambda w: w.admin.put(f"/v1/admin/render-jobs/{w.failed_film}/priority", json={"priority": 1})),
    simple("frames of a failed film, drawn again", 409, "render.not_repairable", ("failed", "finished"),
           lambda w: w.admin.post(f"/v1/admin/render-jobs/{w.failed_film}/repair", json={"first_frame": 0, "last_frame": 1})),
    simple("an id that is none", 422, "request_invalid", ("path.file_id",), lambda w: w.user.get("/v1/files/abc")),
    simple("U+0000 in a text", 422, "text_invalid", ("U+0000", "leave it out"),
           lambda w: w.user.patch("/v1/me", json={"display_name": "a\0b"})),
    simple("U+0000 in the address", 422, "text_invalid", ("U+0000",), lambda w: w.user.get("/v1/files?purpose=%00")),
    simple("half a character", 422, "text_invalid", ("surrogate",),
           lambda w: w.user.post("/v1/snapshots", headers=JSON, content=json.dumps(
               {"saved_project_id": w.document["id"],
                "scene": {"scene_key": "opening", "values": {"lead": "\ud800"}}}))),
    simple("a JSON body of 2 MB", 413, "too_large", ("2097152 bytes",),
           lambda w: w.user.post("/v1/saved-projects", content=MANY_BYTES, headers=JSON)),
    simple("the same in chunks", 413, "too_large", ("2097152 bytes",),
           lambda w: w.user.post("/v1/saved-projects", content=iter([MANY_BYTES]), headers=JSON)),
    simple("an unknown route", 404, "not_found", ("/v1/nothing", "openapi.json"), lambda w: w.user.post("/v1/nothing")),
    simple("a wrong method", 405, "method_not_allowed", ("/v1/tenant", "DELETE", "GET"),
           lambda w: w.user.delete("/v1/tenant")),
    simple("a wrong method of a route that only takes POST", 405, "method_not_allowed", ("POST",),
           lambda w: w.user.get("/v1/auth/login")),
    simple("a node's health of a time that ends before it begins", 422, "render.range_invalid", ("before",),
           lambda w: w.admin.get(f"/v1/admin/nodes/{uuid.uuid4()}/health",
                                 params={"from": "2026-11-02T10:00:00Z", "to": "2026-11-01T10:00:00Z"})),
    simple("a malformed cursor", 400, "cursor_invalid", ("cursor", "leave it out"),
           lambda w: w.user.get("/v1/saved-projects", params={"cursor": "!!"})),
    simple("no If-Match", 428, "if_match_required", ("If-Match",),
           lambda w: w.put_body(w.body(), **{"X-Nothing": "1"})),
    simple("an If-Match that is no version", 400, "if_match_invalid", ("ETag",),
           lambda w: w.put_body(w.body(), **{"If-Match": "soon"})),
    simple("an old If-Match", 412, "version_moved", ("load it again",),
           lambda w: w.put_body(w.body(), **{"If-Match": '"1"'})),
    simple("an Idempotency-Key with another body", 422, "idempotency_key_reused", ("use a new key",),
           lambda w: w.user.post("/v1/saved-projects", json={"project_id": w.promo["id"], "title": "other"},
                                 headers={"Idempotency-Key": w.used_key})),
    simple("an empty Idempotency-Key", 428, "idempotency_key_required", ("1 to 255",),
           lambda w: w.user.post("/v1/saved-projects", json={"project_id": w.promo["id"]},
                                 headers={"Idempotency-Key": ""})),
    # who is asking
    simple("nobody", 401, "identity.not_signed_in", ("sign in",), lambda w: w.nobody.get("/v1/me")),
    simple("a token of nobody", 401, "identity.not_signed_in", ("sign in again",),
           lambda w: w.nobody.get("/v1/me", headers={"Authorization": "Bearer fra_nobody"})),
    simple("an expired token", 401, "identity.token_expired", ("expired", "refresh"), lambda w: w.expired.get("/v1/me")),
    simple("an expired token on a change", 401, "identity.token_expired", ("expired",),
           lambda w: w.expired.post("/v1/saved-projects", json={"project_id": w.promo["id"]})),
    simple("a used refresh token", 401, "identity.refresh_reused", ("sign in again",),
           lambda w: w.nobody.post("/v1/auth/refresh", json={"refresh_token": w.reused_refresh_token})),
    simple("a wrong password", 401, "identity.wrong_credentials", ("address", "password"),
           lambda w: sign_in(w, "owner@example.org", "guess")),
    simple("an unknown address", 401, "identity.wrong_credentials", ("address", "password"),
           lambda w: sign_in(w, "nobody@example.org", "guess")),
    Refusal("a sixth guess", 429, "identity.too_many_attempts", ("try again in",),
            lambda world, email: sign_in(world, email, "guess"), before=try_often),
    simple("a missing permission", 403, "identity.forbidden", ("admin.templates",),
           lambda w: w.user.get("/v1/admin/projects")),
    simple("the cookie without our header", 403, "cross_site_request", ("X-FlatRender-Client",),
           lambda w: w.nobody.post("/v1/saved-projects", json={}, headers={"Cookie": "fr_session=fra_x"})),
    simple("a link with a signature that is none", 403, "files.link_invalid", ("not signed",),
           lambda w: w.nobody.get(f"/d/{uuid.uuid4()}/{uuid.uuid4()}?expires=9999999999&signature=%C2%B8")),
    simple("a link that we did not sign", 403, "files.link_invalid", ("not signed",),
           lambda w: w.nobody.get(f"/d/{uuid.uuid4()}/{uuid.uuid4()}?expires=9999999999&signature=x")),
    # what is not there
    simple("a document that is not one's own", 404, "studio.not_found", ("saved project",),
           lambda w: w.user.get(f"/v1/saved-projects/{uuid.uuid4()}")),
    simple("a template that is not there", 404, "content.not_found", ("template",),
           lambda w: w.user.get("/v1/projects/nowhere")),
    simple("a document of no template", 404, "studio.template_not_found", ("template",),
           lambda w: w.user.post("/v1/saved-projects", json={"project_id": str(uuid.uuid4())})),
    simple("working hours in no time zone", 422, "render.hours_invalid", ("Mars/Olympus", "Asia/Tehran"),
           lambda w: w.admin.put(f"/v1/admin/nodes/{uuid.uuid4()}/hours",
                                 json={"begin": "22:00", "end": "08:00", "time_zone": "Mars/Olympus"})),
    simple("the limits of a tenant that is not there", 404, "render.tenant_not_found", ("tenant",),
           lambda w: w.admin.get(f"/v1/admin/tenants/{uuid.uuid4()}/render-limits")),
    simple("a node that is not there", 404, "render.node_not_found", ("node",),
           lambda w: w.admin.post(f"/v1/admin/nodes/{uuid.uuid4()}/drain")),
    simple("a flag that is not there", 404, "render.flag_not_found", ("flag",),
           lambda w: w.admin.post(f"/v1/admin/template-flags/{uuid.uuid4()}/clear")),
    simple("the log of no attempt", 404, "render.log_not_found", ("log",),
           lambda w: w.admin.get(f"/v1/admin/frame-attempts/{uuid.uuid4()}/1/log")),
    simple("a picture of a frame that was not drawn", 404, "render.frame_not_found", ("frame",),
           lambda w: w.admin.get(f"/v1/admin/render-jobs/{w.failed_film}/frames/0")),
    simple("a film that is not there", 404, "render.job_not_found", ("film",),
           lambda w: w.user.get(f"/v1/render-jobs/{uuid.uuid4()}")),
    simple("a finished file that is not there", 404, "render.export_not_found", ("output",),
           lambda w: w.user.get(f"/v1/exports/{uuid.uuid4()}")),
    simple("a delivery target of nobody", 404, "render.target_not_found", ("delivery target",),
           lambda w: w.admin.get(f"/v1/admin/delivery-targets/{uuid.uuid4()}")),
    simple("a profile of nobody", 404, "render.profile_not_found", ("profile",),
           lambda w: w.admin.delete("/v1/admin/output-profiles/nowhere")),
    simple("a file that is not there", 404, "files.not_found", ("file",),
           lambda w: w.user.get(f"/v1/files/{uuid.uuid4()}")),
    simple("an import of no file", 404, "content.file_not_found", ("upload the package first",),
           lambda w: w.bring(str(uuid.uuid4()))),
    simple("a missing file for a template that is no project", 422, "content.no_source", ("After Effects",),
           lambda w: w.admin.post(f"/v1/admin/projects/{w.promo['id']}/missing-files",
                                  json={"files": [{"file_id": str(uuid.uuid4())}]})),
    Refusal("publishing what only After Effects draws", 409, "content.needs_after_effects", ("accept_after_effects",),
            lambda w, project_id: w.admin.post(f"/v1/admin/projects/{project_id}/publish"),
            before=bad_projects.needing_after_effects),
    # traced previews
    simple("a picture to trace from nowhere", 422, "request_invalid", ("file_id", "svg", "snapshot"), lambda w: w.trace()),
    simple("a text that is no SVG to trace", 422, "content.picture_invalid", ("PNG",), lambda w: w.trace(svg="hello")),
    simple("an SVG with entities to trace", 422, "content.picture_invalid", ("entities", "plain SVG"),
           lambda w: w.trace(svg=hostile.SVG_WITH_ENTITIES)),
    simple("an SVG of 600 KB to trace", 422, "request_invalid", ("body.svg", "524288"),
           lambda w: w.trace(svg="<svg>" + " " * 600_000)),
    simple("a picture to trace that was never uploaded", 404, "content.file_not_found", ("upload",),
           lambda w: w.trace(file_id=str(uuid.uuid4()))),
    simple("a trace in an unknown colour", 422, "content.unknown_color_slot", ("nope", "primary"),
           lambda w: w.trace(svg=hostile.PLAIN_SVG, palette={"nope": "#ffffff"})),
    simple("a trace of an unknown scene", 404, "content.not_found", ("scene",),
           lambda w: w.trace(svg=hostile.PLAIN_SVG, scene_id=str(uuid.uuid4()))),
    simple("a traced preview that is not there", 404, "content.not_found", ("preview",),
           lambda w: w.admin.patch(f"/v1/admin/svg-previews/{uuid.uuid4()}", json={"groups": [{"number": 0}]})),
    # documents
    simple("an unknown field", 422, "studio.unknown_field", ("scenes.0.values.nope", "headline"),
           lambda w: w.put_value("nope", "x")),
    simple("an unknown colour", 422, "studio.unknown_field", ("palette.nope", "primary"),
           lambda w: w.put(palette={"nope": "#ffffff"})),
    simple("a number for a text", 422, "studio.wrong_type", ("scenes.0.values.headline", "string"),
           lambda w: w.put_value("headline", 5)),
    simple("a text for a checkbox", 422, "studio.wrong_type", ("scenes.0.values.show_badge", "true or false"),
           lambda w: w.put_value("show_badge", "maybe")),
    simple("a text that is too long", 422, "studio.value_out_of_range", ("scenes.0.values.headline", "at most 60"),
           lambda w: w.put_value("headline", "a" * 400)),
    simple("a colour that is none", 422, "studio.value_out_of_range", ("palette.primary", "#rrggbb"),
           lambda w: w.put(palette={"primary": "red"})),
    simple("an unknown scene", 422, "studio.unknown_scene", ("scenes.0.scene_key", "opening"),
           lambda w: w.put(scenes=[{"scene_key": "nope"}])),
    simple("an unknown size", 422, "studio.unknown_size", ("size", "16x9"), lambda w: w.put(size="99x1")),
    simple("an unknown colour preset", 422, "studio.unknown_preset", ("preset",),
           lambda w: w.user.post("/v1/saved-projects", json={"project_id": w.promo["id"], "preset": "nope"})),
    simple("an unknown font", 422, "studio.unknown_font", ("global_values.font", "Comic", "Vazirmatn"),
           lambda w: w.put(global_values={"font": "Comic"})),
    simple("a picture that was never uploaded", 422, "studio.missing_asset", ("scenes.0.values.hero", "upload"),
           lambda w: w.put_value("hero", str(uuid.uuid4()))),
    simple("music that is not there", 422, "studio.missing_asset", ("audio.music_track_id",),
           lambda w: w.put(audio={"music_track_id": str(uuid.uuid4())})),
    simple("a required field left empty", 422, "studio.field_required", ("scenes.0.values.headline", "fill it in"),
           lambda w: w.render(w.empty_field)),
    simple("a required scene left out", 422, "studio.scene_required", ("opening", "add it"),
           lambda w: w.render(w.without_required)),
    simple("no scene", 422, "studio.no_scenes", ("add one",), lambda w: w.render(w.without_scenes)),
    # files
    simple("an empty file", 400, "files.upload_incomplete", ("empty",), lambda w: w.upload(b"")),
    simple("a broken picture", 422, "files.picture_broken", ("damaged",),
           lambda w: w.upload(hostile.picture()[:700], "half.png")),
    simple("a picture of 900 megapixels", 422, "files.picture_too_large", ("50 megapixels", "smaller"),
           lambda w: w.upload(hostile.huge_picture(), "huge.png")),
    simple("a moving picture", 422, "files.picture_animated", ("still",),
           lambda w: w.upload(hostile.moving_picture(), "moving.webp")),
    simple("an SVG", 422, "files.type_not_allowed", ("SVG", "PNG"), lambda w: w.upload(hostile.SVG, "x.svg")),
    simple("a program", 422, "files.type_not_allowed", ("PNG, JPEG, WebP",),
           lambda w: w.upload(hostile.PROGRAM, "photo.png")),
    simple("a text as a package", 422, "files.type_not_allowed", ("ZIP",),
           lambda w: w.upload(b"no template", "a.json", purpose="template_package", by=w.admin)),
    simple("a JPEG that is called PNG", 422, "files.type_mismatch", ("image/png", "image/jpeg"),
           lambda w: w.upload(hostile.picture("JPEG"), "a.png", content_type="image/png")),
    simple("a broken film", 422, "files.video_broken", ("film",),
           lambda w: w.upload(hostile.BROKEN_FILM, "a.mp4", content_type="video/mp4")),
    simple("a broken sound", 422, "files.sound_broken", ("decoded",),
           lambda w: w.upload(hostile.BROKEN_SOUND, "a.wav", purpose="audio")),
    Refusal("the waveform of a picture", 422, "files.no_waveform", ("sounds",),
            lambda w, picture: w.user.get(f"/v1/files/{picture}/waveform"),
            before=lambda w: w.upload(hostile.picture(), "a.png").json()["id"]),
    simple("an unknown purpose", 422, "files.unknown_purpose", ("X-File-Purpose", "user_media"),
           lambda w: w.upload(hostile.picture(), purpose="fun")),
    simple("no file name", 422, "files.bad_name", ("X-File-Name",),
           lambda w: w.user.post("/v1/files", content=hostile.picture(), headers={"X-File-Purpose": "user_media"})),
    simple("more than there is room for", 402, "files.quota_exceeded", ("room", "delete"),
           lambda w: w.upload(hostile.picture(), by=w.small.client)),
    simple("the same in chunks", 402, "files.quota_exceeded", ("room", "delete"),
           lambda w: w.small.client.post("/v1/files", content=iter([hostile.picture()]),
                                         headers={"X-File-Name": "a.png", "X-File-Purpose": "user_media"})),
    # packages
    package("a package that is not JSON", "not_json", lambda: b"{nope", "export", name="a.json"),
    package("a picture as a package", "not_json", lambda: b'{"a": \xff}', name="b.json"),
    package("JSON that is no animation", "not_lottie", lambda: b'{"a": 1}', "layers", name="c.json"),
    package("an animation without layers", "no_layers", lambda: hostile.lottie(layers=[]), "layers", name="d.json"),
    package("path traversal", "archive_unsafe", hostile.traversal, "evil.json", name="e.zip"),
    package("a symbolic link in an archive", "archive_unsafe", hostile.symlink, "link.png", name="f.zip"),
    package("a damaged archive", "archive_unsafe", hostile.damaged, "make it again", name="g.zip"),
    package("a zip bomb", "archive_bomb", hostile.bomb, "not unpacked", name="h.zip"),
    package("an archive that claims 2 GiB", "template_too_large", hostile.two_gigabytes_claimed, name="i.zip"),
    package("JSON nested 500 deep", "template_too_large", hostile.nested, "128", name="j.json"),
    package("a newer format", "manifest_invalid", hostile.newer, "flatrender-template/1", name="k.frt"),
    package("a package without its scene", "missing_asset", hostile.without_its_scene, "scenes/main.json", name="l.frt"),
    # what an After Effects project misses
    Refusal("a file that the project does not miss", 422, "content.not_missing", ("holiday.png", bad_projects.PICTURE),
            bad_projects.adding, before=lambda w: bad_projects.prepared(w, bad_projects.photo(), "holiday.png", None)),
    Refusal("a missing file of another type", 422, "content.type_mismatch", ("image/png", "image/jpeg"),
            bad_projects.adding,
            before=lambda w: bad_projects.prepared(w, picture(60, 40), "photo.jpg", bad_projects.PICTURE)),
]  # fmt: skip
