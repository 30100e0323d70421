"""Living sessions: recognition, rotation, ends, and what the browser gets."""

import asyncio
from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import httpx
import pytest
import structlog

from flatrender.kit.errors import NotSignedIn
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_secret
from tests.identity.identity_platform import PASSWORD, SECOND_TENANT, Platform


async def signed_in(platform: Platform, email: str, **client_headers: str) -> dict[str, Any]:
    await platform.account(email)
    async with platform.client(**client_headers) as client:
        answer = await client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200
    return dict(answer.json())


async def refresh(platform: Platform, token: str) -> httpx.Response:
    async with platform.client() as client:
        return await client.post("/v1/auth/refresh", json={"refresh_token": token})


async def me(platform: Platform, token: str) -> httpx.Response:
    async with platform.client(Authorization=f"Bearer {token}") as client:
        return await client.get("/v1/me")


async def test_an_expired_access_token_says_so_and_the_refresh_token_still_works(platform: Platform) -> None:
    tokens = await signed_in(platform, "s1@example.com")
    platform.admin("UPDATE identity.sessions SET access_expires_at = now() - interval '1 second'")
    answer = await me(platform, tokens["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "identity.token_expired")
    renewed = await refresh(platform, tokens["refresh_token"])
    assert renewed.status_code == 200
    assert (await me(platform, renewed.json()["access_token"])).status_code == 200


@pytest.mark.parametrize("token", ["", "fra_", "fra_" + "x" * 43, "frr_" + "x" * 43, "x" * 5000, "fra_\u0000"])
async def test_a_token_that_is_not_ours_is_not_signed_in(platform: Platform, token: str) -> None:
    with pytest.raises(NotSignedIn) as caught:
        await platform.module.api.identify(access_token=token)
    assert caught.value.code == "identity.not_signed_in"


async def test_refreshing_rotates_both_tokens(platform: Platform) -> None:
    tokens = await signed_in(platform, "s2@example.com")
    renewed = (await refresh(platform, tokens["refresh_token"])).json()
    assert renewed["access_token"] != tokens["access_token"]
    assert renewed["refresh_token"] != tokens["refresh_token"]
    old = await me(platform, tokens["access_token"])
    assert (old.status_code, old.json()["code"]) == (401, "identity.not_signed_in")
    assert (await me(platform, renewed["access_token"])).status_code == 200


async def test_of_ten_parallel_refreshes_exactly_one_wins_and_the_session_lives_on(platform: Platform) -> None:
    tokens = await signed_in(platform, "s3@example.com")
    answers = await asyncio.gather(*(refresh(platform, tokens["refresh_token"]) for _ in range(10)))
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [answer for answer in answers if answer.status_code != 200]
    assert len(won) == 1
    assert {(answer.status_code, answer.json()["code"]) for answer in lost} == {(409, "identity.refresh_superseded")}
    assert (await me(platform, won[0].json()["access_token"])).status_code == 200
    assert (await refresh(platform, won[0].json()["refresh_token"])).status_code == 200


async def test_a_used_refresh_token_shown_after_the_grace_ends_the_session_for_everyone(platform: Platform) -> None:
    tokens = await signed_in(platform, "s4@example.com")
    renewed = (await refresh(platform, tokens["refresh_token"])).json()
    platform.admin(
        "UPDATE identity.refresh_tokens SET used_at = used_at - interval '11 seconds' WHERE used_at IS NOT NULL"
    )
    reused = await refresh(platform, tokens["refresh_token"])
    assert (reused.status_code, reused.json()["code"]) == (401, "identity.refresh_reused")
    assert (await me(platform, renewed["access_token"])).json()["code"] == "identity.not_signed_in"
    after = await refresh(platform, renewed["refresh_token"])
    assert (after.status_code, after.json()["code"]) == (401, "identity.session_ended")
    audited = platform.admin("SELECT count(*) FROM identity.audit_logs WHERE action = 'auth.refresh_reused'")
    assert audited == [(1,)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE identity.sessions SET idle_expires_at = now() - interval '1 second'",
        "UPDATE identity.sessions SET absolute_expires_at = now() - interval '1 second', idle_expires_at = now() - interval '1 second'",
        "UPDATE identity.sessions SET revoked_at = now(), revoked_reason = 'admin'",
    ],
)
async def test_a_session_past_its_idle_or_absolute_end_or_revoked_is_over(platform: Platform, change: str) -> None:
    tokens = await signed_in(platform, f"{uuid4().hex}@example.com")
    platform.admin(change)
    assert (await me(platform, tokens["access_token"])).json()["code"] == "identity.not_signed_in"
    assert (await refresh(platform, tokens["refresh_token"])).json()["code"] == "identity.session_ended"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE identity.users SET sessions_valid_after = now()",
        "UPDATE identity.users SET status = 'locked'",
        "UPDATE identity.tenants SET status = 'suspended'",
    ],
)
async def test_a_session_fails_at_the_next_request_when_its_person_or_tenant_may_not_go_on(
    platform: Platform, change: str
) -> None:
    tokens = await signed_in(platform, f"{uuid4().hex}@example.com")
    platform.admin(change)
    try:
        assert (await me(platform, tokens["access_token"])).status_code == 401
        assert (await refresh(platform, tokens["refresh_token"])).json()["code"] == "identity.session_ended"
    finally:
        platform.admin("UPDATE identity.users SET status = 'active', sessions_valid_after = '-infinity'")
        platform.admin("UPDATE identity.tenants SET status = 'active'")


async def test_the_idle_end_never_passes_the_absolute_end(platform: Platform) -> None:
    tokens = await signed_in(platform, "s5@example.com")
    platform.admin(
        "UPDATE identity.sessions SET idle_expires_at = now() + interval '1 hour', absolute_expires_at = now() + interval '1 hour'"
    )
    renewed = (await refresh(platform, tokens["refresh_token"])).json()
    ends = platform.admin(
        "SELECT idle_expires_at = absolute_expires_at, absolute_expires_at < now() + interval '61 minutes' FROM identity.sessions"
        " WHERE revoked_at IS NULL AND absolute_expires_at < now() + interval '2 hours' AND absolute_expires_at > now()"
    )
    assert ends[-1] == (True, True)
    assert renewed["refresh_expires_at"]


async def test_signing_out_ends_the_session_even_with_an_expired_access_token(platform: Platform) -> None:
    tokens = await signed_in(platform, "s6@example.com")
    async with platform.client(Authorization=f"Bearer {tokens['access_token']}") as client:
        assert (await client.post("/v1/auth/logout", json={})).status_code == 204
    assert (await me(platform, tokens["access_token"])).status_code == 401
    other = await signed_in(platform, "s6@example.com")
    async with platform.client() as client:
        answer = await client.post("/v1/auth/logout", json={"refresh_token": other["refresh_token"]})
    assert answer.status_code == 204
    assert (await me(platform, other["access_token"])).status_code == 401
    assert (await refresh(platform, other["refresh_token"])).json()["code"] == "identity.session_ended"


async def test_a_person_lists_and_ends_their_own_sessions_only(platform: Platform) -> None:
    here = await signed_in(platform, "s7@example.com")
    there = await signed_in(platform, "s7@example.com", User_Agent="Phone\r\n")
    stranger = await signed_in(platform, "s8@example.com")
    async with platform.client(Authorization=f"Bearer {here['access_token']}") as client:
        items = (await client.get("/v1/me/sessions")).json()["items"]
        assert [item["current"] for item in items] == [False, True]
        assert items[0]["user_agent"] == "Phone"
        async with platform.client(Authorization=f"Bearer {stranger['access_token']}") as other:
            refused = await other.delete(f"/v1/me/sessions/{items[0]['id']}")
            assert (refused.status_code, refused.json()["code"]) == (404, "identity.unknown_session")
        assert (await client.delete(f"/v1/me/sessions/{items[0]['id']}")).status_code == 204
        assert (await client.delete(f"/v1/me/sessions/{items[0]['id']}")).status_code == 404
    assert (await me(platform, there["access_token"])).status_code == 401
    assert (await me(platform, here["access_token"])).status_code == 200


@pytest.mark.parametrize(
    ("https", "names"), [(False, {"fr_session", "fr_refresh"}), (True, {"__Host-fr_session", "__Secure-fr_refresh"})]
)
async def test_the_browser_gets_its_tokens_as_cookies_only(platform: Platform, https: bool, names: set[str]) -> None:
    await platform.account("s9@example.com")
    headers = {"X-FlatRender-Client": "web", **({"X-Forwarded-Proto": "https"} if https else {})}
    async with platform.client() as client:
        answer = await client.post(
            "/v1/auth/login", json={"email": "s9@example.com", "password": PASSWORD}, headers=headers
        )
    assert "access_token" not in answer.json()
    assert "refresh_token" not in answer.json()
    jar = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    assert set(jar) == names
    for name, morsel in jar.items():
        assert morsel["httponly"]
        assert morsel["samesite"] == "lax"
        assert bool(morsel["secure"]) == https
        assert morsel["domain"] == ""
        assert morsel["path"] == ("/v1/auth" if "refresh" in name else "/")


async def test_the_browser_refreshes_with_its_cookie_and_our_header(platform: Platform) -> None:
    await platform.account("s10@example.com")
    async with platform.client() as client:
        web = {"X-FlatRender-Client": "web"}
        await client.post("/v1/auth/login", json={"email": "s10@example.com", "password": PASSWORD}, headers=web)
        assert (await client.get("/v1/me")).status_code == 200
        forged = await client.post("/v1/auth/refresh", json={})
        assert (forged.status_code, forged.json()["code"]) == (403, "cross_site_request")
        renewed = await client.post("/v1/auth/refresh", json={}, headers=web)
        assert renewed.status_code == 200
        assert set(renewed.json()) == {"access_expires_at", "refresh_expires_at"}
        assert (await client.get("/v1/me")).status_code == 200
        assert (await client.post("/v1/auth/logout", json={}, headers=web)).status_code == 204
        assert not client.cookies
        assert (await client.get("/v1/me")).status_code == 401


async def test_nobody_is_recognised_by_more_than_one_statement(platform: Platform) -> None:
    tokens = await signed_in(platform, "s11@example.com")
    async with platform.database.anonymous() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await (
            await conn.execute("EXPLAIN SELECT * FROM identity.session_by_token_hash(%s)", (b"x" * 32,))
        ).fetchall()
    assert len(plan) <= 2
    assert (await platform.module.api.identify(access_token=tokens["access_token"])).tenant_id == DEFAULT_TENANT_ID


async def test_a_person_changes_their_name_and_language_and_nothing_else(platform: Platform) -> None:
    tokens = await signed_in(platform, "s12@example.com")
    async with platform.client(Authorization=f"Bearer {tokens['access_token']}") as client:
        changed = await client.patch("/v1/me", json={"display_name": "  مینا رضایی‌نژاد ", "locale": "en"})
        assert (changed.json()["display_name"], changed.json()["locale"]) == ("مینا رضایی‌نژاد", "en")
        for body in ({"email": "x@y.z"}, {"locale": "klingon"}, {"display_name": ""}, {"roles": ["admin"]}):
            assert (await client.patch("/v1/me", json=body)).status_code == 422


async def test_hosts_mean_tenants_by_verified_domain_then_slug_then_the_default(platform: Platform) -> None:
    platform.admin(
        "INSERT INTO identity.tenant_branding (tenant_id, product_name, custom_domain, domain_verified_at, primary_color)"
        " VALUES (%s, 'Second Studio', 'films.example.org', now(), '#112233') ON CONFLICT DO NOTHING",
        SECOND_TENANT,
    )

    async def brief(host: str) -> dict[str, Any]:
        async with platform.client(host=host) as client:
            return dict((await client.get("/v1/tenant")).json())

    second = {"slug": "second", "product_name": "Second Studio", "default_locale": "en", "primary_color": "#112233"}
    assert await brief("films.example.org") == second
    assert await brief("Second.flatrender.test:8443") == second
    assert (await brief("second.evil.test"))["slug"] == "flatrender"
    assert (await brief("nothing.flatrender.test"))["slug"] == "flatrender"
    platform.admin("UPDATE identity.tenant_branding SET domain_verified_at = NULL")
    assert (await brief("films.example.org"))["slug"] == "flatrender"


async def test_accounts_of_another_tenant_are_absent(platform: Platform) -> None:
    here = await platform.account("s13@example.com")
    there = await platform.account("s13@example.com", tenant=SECOND_TENANT)
    found = await platform.module.api.accounts(tenant_id=DEFAULT_TENANT_ID, ids=[here, there, uuid4()])
    assert set(found) == {here}
    assert found[here].locale == "fa-IR"


async def test_no_token_or_password_reaches_a_log(platform: Platform) -> None:
    canary = new_secret("fra_")
    with structlog.testing.capture_logs() as lines:
        tokens = await signed_in(platform, "s14@example.com")
        await refresh(platform, tokens["refresh_token"])
        await refresh(platform, tokens["refresh_token"])
        await me(platform, canary)
    assert not any(
        secret in str(lines) for secret in (canary, PASSWORD, tokens["refresh_token"], tokens["access_token"])
    )
    stored = platform.admin(
        "SELECT string_agg(row_to_json(s)::text, '') FROM identity.sessions AS s"
        " UNION ALL SELECT string_agg(row_to_json(a)::text, '') FROM identity.audit_logs AS a"
    )
    assert not any(secret in (text or "") for (text,) in stored for secret in (PASSWORD, tokens["access_token"]))
