"""Signing in with a password."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from flatrender.services.identity.errors import HashingBusy, UnknownRole, WeakPassword
from flatrender.services.identity.module import ensure_account
from flatrender.services.identity.service.passwords import Passwords
from tests.identity.identity_platform import PASSWORD, SECOND_TENANT, Platform


async def test_a_person_signs_in_and_the_token_says_who_they_are(platform: Platform) -> None:
    user_id = await platform.account("Mina@example.com", roles=("admin",))
    async with platform.client() as client:
        answer = await client.post("/v1/auth/login", json={"email": "mina@EXAMPLE.com", "password": PASSWORD})
        assert answer.status_code == 200
        body = answer.json()
        assert body["access_token"].startswith("fra_")
        assert body["refresh_token"].startswith("frr_")
        assert body["user"]["permissions"] == ["admin.nodes", "admin.render", "admin.templates"]
        me = await client.get("/v1/me", headers={"Authorization": f"Bearer {body['access_token']}"})
        assert me.json() == body["user"]
        assert UUID(me.json()["id"]) == user_id
        assert me.json()["roles"] == ["admin"]
    session = platform.admin("SELECT token_hash, ip_first FROM identity.sessions WHERE user_id = %s", user_id)
    assert body["access_token"].encode() not in session[0][0]


@pytest.mark.parametrize(
    ("email", "password"), [("mina2@example.com", "wrong password"), ("nobody@example.com", PASSWORD)]
)
async def test_an_unknown_address_and_a_wrong_password_look_the_same(
    platform: Platform, email: str, password: str
) -> None:
    await platform.account("mina2@example.com")
    async with platform.client() as client:
        answer = await client.post("/v1/auth/login", json={"email": email, "password": password})
    assert (answer.status_code, answer.json()["code"]) == (401, "identity.wrong_credentials")
    assert answer.json()["detail"] == "this address and this password do not belong together"


async def test_an_unknown_address_costs_as_much_hashing_as_a_known_one() -> None:
    passwords = Passwords(queue_limit=2)
    checked: list[str] = []
    matches = passwords._matches

    def spy(encoded: str, password: str) -> bool:
        checked.append(encoded)
        return matches(encoded, password)

    passwords._matches = spy  # type: ignore[method-assign]
    assert not await passwords.verify(None, "anything")
    assert checked[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    passwords.close()


async def test_a_suspended_account_cannot_sign_in(platform: Platform) -> None:
    user_id = await platform.account("suspended@example.com")
    platform.admin("UPDATE identity.users SET status = 'suspended' WHERE id = %s", user_id)
    async with platform.client() as client:
        answer = await client.post("/v1/auth/login", json={"email": "suspended@example.com", "password": PASSWORD})
    assert answer.json()["code"] == "identity.wrong_credentials"


async def test_an_account_of_one_tenant_does_not_exist_on_the_host_of_another(platform: Platform) -> None:
    await platform.account("both@example.com", tenant=SECOND_TENANT)
    credentials = {"email": "both@example.com", "password": PASSWORD}
    async with (
        platform.client(host="flatrender.test") as first,
        platform.client(host="second.flatrender.test") as second,
    ):
        assert (await first.post("/v1/auth/login", json=credentials)).status_code == 401
        answer = await second.post("/v1/auth/login", json=credentials)
    assert answer.status_code == 200
    assert answer.json()["user"]["tenant"]["slug"] == "second"


async def test_parallel_guesses_are_counted_before_they_are_checked(platform: Platform) -> None:
    await platform.account("raced@example.com")
    async with platform.client() as client:
        answers = await asyncio.gather(
            *(
                client.post("/v1/auth/login", json={"email": "raced@example.com", "password": f"guess {n}"})
                for n in range(15)
            )
        )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * 5 + [429] * 10
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "identity.too_many_attempts"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


async def test_the_right_password_does_not_help_while_the_account_is_paused_and_does_afterwards(
    platform: Platform,
) -> None:
    await platform.account("paused@example.com")
    right = {"email": "paused@example.com", "password": PASSWORD}
    async with platform.client() as client:
        for _ in range(5):
            await client.post("/v1/auth/login", json={**right, "password": "wrong wrong"})
        assert (await client.post("/v1/auth/login", json=right)).status_code == 429
        platform.admin("UPDATE identity.auth_throttles SET blocked_until = now() - interval '1 second'")
        assert (await client.post("/v1/auth/login", json=right)).status_code == 200
    counted = platform.admin("SELECT count(*) FROM identity.auth_throttles WHERE bucket = 'login_account'")
    assert counted == [(0,)]


async def test_every_further_round_of_failures_pauses_twice_as_long_up_to_a_quarter_of_an_hour(
    platform: Platform,
) -> None:
    pauses = []
    async with platform.client() as client:
        for attempt in range(30):
            await client.post("/v1/auth/login", json={"email": "slow@example.com", "password": "wrong wrong"})
            rows = platform.admin(
                "SELECT extract(epoch FROM blocked_until - now()) FROM identity.auth_throttles WHERE bucket = 'login_account'"
            )
            if rows[0][0] is not None:
                pauses.append(round(float(rows[0][0])))
            platform.admin("UPDATE identity.auth_throttles SET blocked_until = NULL")
            assert attempt >= 0
    assert [p // 55 for p in pauses] == [1, 2, 4, 8, 16, 16]


async def test_one_network_is_paused_over_many_accounts_and_others_are_not(platform: Platform) -> None:
    await platform.account("elsewhere@example.com")
    async with platform.client(ip="203.0.113.9") as near, platform.client(ip="203.0.114.9") as far:
        statuses = [
            (
                await near.post("/v1/auth/login", json={"email": f"n{n}@example.com", "password": "wrong wrong"})
            ).status_code
            for n in range(21)
        ]
        right = {"email": "elsewhere@example.com", "password": PASSWORD}
        assert (await near.post("/v1/auth/login", json=right)).status_code == 429
        assert (await far.post("/v1/auth/login", json=right)).status_code == 200
    assert statuses == [401] * 20 + [429]


async def test_a_hash_with_older_parameters_is_replaced_when_its_owner_signs_in(platform: Platform) -> None:
    user_id = await platform.account("older@example.com")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    platform.admin("UPDATE identity.user_credentials SET password_hash = %s WHERE user_id = %s", weak, user_id)
    async with platform.client() as client:
        for _ in range(2):
            answer = await client.post("/v1/auth/login", json={"email": "older@example.com", "password": PASSWORD})
            assert answer.status_code == 200
    stored = platform.admin("SELECT password_hash FROM identity.user_credentials WHERE user_id = %s", user_id)
    assert stored[0][0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_more_sign_ins_than_the_queue_holds_are_told_to_come_back() -> None:
    passwords = Passwords(queue_limit=3)
    results = await asyncio.gather(*(passwords.verify(None, "x") for _ in range(8)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, HashingBusy)]
    assert len(refused) == 5
    assert refused[0].status == 503
    assert refused[0].retry_after_s
    passwords.close()


async def test_every_outcome_is_written_to_the_audit_log_without_a_secret(platform: Platform) -> None:
    user_id = await platform.account("audited@example.com")
    before = datetime.now(UTC)
    async with platform.client(ip="192.0.2.44") as client:
        for password in ("CANARY-wrong-password", PASSWORD):
            await client.post("/v1/auth/login", json={"email": "audited@example.com", "password": password})
    rows = platform.admin(
        "SELECT action, outcome, actor_id, host(ip), row_to_json(a)::text FROM identity.audit_logs AS a"
        " WHERE occurred_at >= %s AND actor_id = %s ORDER BY occurred_at",
        before,
        user_id,
    )
    assert [row[:4] for row in rows] == [
        ("auth.login", "failure", user_id, "192.0.2.44"),
        ("auth.login", "success", user_id, "192.0.2.44"),
    ]
    assert not any("CANARY" in row[4] or PASSWORD in row[4] for row in rows)


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@b.c"},
        {"email": "a@b.c", "password": ""},
        {"email": "a@b.c", "password": "x" * 1025},
        {"email": "a@b.c", "password": "x", "tenant_id": str(SECOND_TENANT)},
    ],
)
async def test_a_body_with_missing_oversized_or_unknown_members_is_refused(
    platform: Platform, body: dict[str, str]
) -> None:
    async with platform.client() as client:
        answer = await client.post("/v1/auth/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_an_account_is_made_once_and_keeps_its_password(platform: Platform) -> None:
    arguments = {
        "tenant_id": SECOND_TENANT,
        "email": "seed@example.com",
        "roles": ["admin"],
        "display_name": "Admin",
    }
    first = await ensure_account(platform.database, password="first password", **arguments)
    again = await ensure_account(platform.database, password="other password", **arguments)
    assert (first.created, again.created, first.user_id) == (True, False, again.user_id)
    async with platform.client(host="second.flatrender.test") as client:
        for password, status in (("other password", 401), ("first password", 200)):
            answer = await client.post("/v1/auth/login", json={"email": "seed@example.com", "password": password})
            assert answer.status_code == status


async def test_a_short_password_and_an_unknown_role_are_refused(platform: Platform) -> None:
    arguments = {"tenant_id": SECOND_TENANT, "email": "weak@example.com", "display_name": ""}
    with pytest.raises(WeakPassword):
        await ensure_account(platform.database, password="short", roles=["user"], **arguments)
    with pytest.raises(UnknownRole):
        await ensure_account(platform.database, password="long enough", roles=["king"], **arguments)
