"""The eight invariants of the render farm, looked up in the database and in the object store after a run of whatever kind.

`WITNESS` makes the database itself note every grant, acceptance and withdrawal of a chunk as it happens, whoever wrote it; `violations` compares
what is there with what was witnessed and returns a sentence for everything that is wrong. The service under test knows nothing of either.

1 each chunk has exactly one accepted attempt · 2 accepted epochs only rise · 3 counters equal the sum of rows · 4 nothing is stuck · 5 no credit or
licence leaks · 6 every attempt has a log · 7 every referenced output exists with its hash · 8 nothing is told or charged twice for one key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg

WITNESS = """
CREATE SCHEMA farm_audit;
CREATE TABLE farm_audit.seen (seq bigint GENERATED ALWAYS AS IDENTITY, chunk_id uuid NOT NULL, render_job_id uuid NOT NULL, what text NOT NULL,
    epoch bigint NOT NULL, lease_id uuid, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON farm_audit.seen (chunk_id);
CREATE FUNCTION farm_audit.witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO farm_audit.seen (chunk_id, render_job_id, what, epoch, lease_id) VALUES (NEW.id, NEW.render_job_id,
        CASE NEW.status WHEN 'running' THEN 'granted' WHEN 'done' THEN 'accepted' ELSE OLD.status || ' to ' || NEW.status END, NEW.epoch,
        coalesce(NEW.lease_id, OLD.lease_id));
    RETURN NULL;
END
$$;
CREATE TRIGGER farm_audit_witness AFTER UPDATE ON render.frame_jobs FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION farm_audit.witness();
"""
"""To be run once, by the superuser, before anything is audited."""

Stored = Callable[[str], bytes | None]
"""Key of an object → its SHA-256, None when it is not there."""
FORGET = "DELETE FROM farm_audit.seen"
"""For histories that empty the tables and begin again."""

_ONE_ACCEPTED = """
SELECT '1: chunk ' || f.id || ' is ' || f.status || ' under epoch ' || f.epoch || ' and was accepted ' || w.accepted || ' times since it was last taken back'
FROM render.frame_jobs AS f CROSS JOIN LATERAL (SELECT count(*) AS accepted FROM farm_audit.seen AS s WHERE s.chunk_id = f.id AND s.what = 'accepted'
    AND s.seq > (SELECT coalesce(max(u.seq), 0) FROM farm_audit.seen AS u WHERE u.chunk_id = f.id AND u.what LIKE 'done to %%')) AS w
WHERE w.accepted <> CASE WHEN f.status = 'done' AND f.epoch > 0 THEN 1 ELSE 0 END
"""
_NEWEST_ACCEPTED = """
SELECT '1: chunk ' || f.id || ' is done under epoch ' || f.epoch || ', which is not the one accepted last'
FROM render.frame_jobs AS f WHERE f.status = 'done' AND f.epoch > 0 AND NOT EXISTS (SELECT FROM farm_audit.seen AS s WHERE s.chunk_id = f.id
    AND s.what = 'accepted' AND s.epoch = f.epoch AND s.lease_id = f.lease_id)
"""
_EPOCHS_RISE = """
SELECT '2: chunk ' || chunk_id || ' was ' || what || ' under epoch ' || epoch || ' after ' || before
FROM (SELECT chunk_id, what, epoch, lag(epoch) OVER (PARTITION BY chunk_id, what ORDER BY seq) AS before FROM farm_audit.seen
    WHERE what IN ('granted', 'accepted')) AS s WHERE epoch <= before
"""
_FRAMES_COVERED = """
SELECT '3: the chunks of film ' || j.id || ' (' || j.status || ') hold ' || c.frames || ' frames in ' || c.chunks || ' chunks up to number ' || c.last
       || ' and frame ' || c.last_frame || ', the film has ' || j.total_frames
FROM render.render_jobs AS j JOIN (SELECT render_job_id, sum(frame_end - frame_start + 1) AS frames, count(*) AS chunks, max(chunk_no) AS last,
    max(frame_end) AS last_frame FROM render.frame_jobs GROUP BY render_job_id) AS c ON c.render_job_id = j.id
WHERE (c.frames <> j.total_frames OR c.chunks <> c.last + 1 OR c.last_frame + 1 <> j.total_frames)
  AND j.status IN ('rendering', 'stitching', 'audio_mix', 'encoding', 'uploading', 'completed')
"""
_FRAMES_DONE = """
SELECT '3: chunk ' || id || ' is ' || status || ' and counts ' || frames_done || ' frames done of ' || frame_end - frame_start + 1
FROM render.frame_jobs WHERE (status = 'done' AND frames_done <> frame_end - frame_start + 1) OR (status = 'queued' AND frames_done <> 0)
"""
_ATTEMPTS = """
SELECT '3: film ' || j.id || ' (' || j.status || ') is at attempt ' || j.attempt || ' with attempts ' || a.numbers::text
FROM render.render_jobs AS j JOIN (SELECT render_job_id, array_agg(attempt_no ORDER BY attempt_no) AS numbers, max(attempt_no) AS last FROM
    render.render_job_attempts GROUP BY render_job_id) AS a ON a.render_job_id = j.id WHERE a.last > j.attempt OR a.last <> cardinality(a.numbers)
"""
_OUTCOMES = """
SELECT '3: film ' || j.id || ' is ' || j.status || ', its attempt ' || a.attempt_no || ' ended ' || coalesce(a.outcome, 'not at all')
FROM render.render_jobs AS j JOIN render.render_job_attempts AS a ON a.render_job_id = j.id
WHERE CASE WHEN a.attempt_no < j.attempt THEN a.outcome IS NULL WHEN j.status IN ('completed', 'failed', 'canceled') THEN a.outcome IS DISTINCT FROM j.status
    ELSE a.outcome IS NOT NULL END
"""
_SLOTS = """
SELECT '3: node ' || n.name || ' counts ' || n.used_slots || ' slots in use and holds nothing' FROM render.nodes AS n
WHERE n.used_slots > 0 AND n.last_heartbeat_at > now() - interval '30 seconds' AND %(quiet)s
  AND NOT EXISTS (SELECT FROM render.frame_jobs AS f WHERE f.node_id = n.id AND f.status = 'running')
"""
_QUOTAS = """
SELECT '3: the quota of ' || q.owner_type || ' ' || q.owner_id || ' counts ' || q.used_bytes || ' bytes in ' || q.used_files || ' files, there are '
       || coalesce(sum(f.bytes), 0) || ' in ' || count(f.id)
FROM file_mgr.quotas AS q LEFT JOIN file_mgr.files AS f ON f.tenant_id = q.tenant_id AND f.deleted_at IS NULL
    AND (q.owner_type = 'tenant' OR f.owner_user_id = q.owner_id)
GROUP BY q.tenant_id, q.owner_type, q.owner_id HAVING q.used_bytes <> coalesce(sum(f.bytes), 0) OR q.used_files <> count(f.id)
"""
_STUCK = """
SELECT '4: film ' || j.id || ' is ' || j.status || ' and nothing will move it' FROM render.render_jobs AS j
WHERE j.status NOT IN ('completed', 'failed', 'canceled', 'expired') AND (%(quiet)s OR NOT CASE
    WHEN j.status IN ('queued', 'preparing') THEN EXISTS (SELECT FROM dbos.workflow_status AS w WHERE w.status IN ('ENQUEUED', 'PENDING', 'DELAYED')
        AND w.workflow_uuid = 'render_film:' || j.id || ':' || greatest(j.attempt, 1))
    WHEN j.status IN ('rendering', 'canceling') AND EXISTS (SELECT FROM render.frame_jobs AS f WHERE f.render_job_id = j.id
        AND (f.status = 'running' OR f.status = 'queued' AND j.status = 'rendering')) THEN true
    ELSE EXISTS (SELECT FROM dbos.workflow_status AS w WHERE w.status IN ('ENQUEUED', 'PENDING', 'DELAYED')
        AND w.workflow_uuid LIKE '%%:' || j.id || ':%%') END)
"""
_WORKFLOWS_STUCK = """
SELECT '4: workflow ' || workflow_uuid || ' is ' || status || coalesce(': ' || left(error, 200), '') FROM dbos.workflow_status
WHERE %(quiet)s AND %(whole)s AND name NOT LIKE 'timer%%' AND status <> 'SUCCESS'
"""
_PICTURES_STUCK = """
SELECT '4: thumbnail ' || id || ' is ' || status FROM render.snapshot_jobs WHERE %(quiet)s AND status IN ('queued', 'running')
UNION ALL SELECT '4: preview ' || id || ' is ' || status FROM render.snapshots WHERE %(quiet)s AND status IN ('queued', 'running')
"""
_OUTBOX_STUCK = """
SELECT '4: event ' || event_type || ' ' || id || ' was never published: ' || coalesce(last_error, '') FROM render.outbox_events
WHERE %(quiet)s AND %(whole)s AND published_at IS NULL
"""
_LEASES = """
SELECT '5: chunk ' || f.id || ' of a film that is ' || j.status || ' is still ' || f.status FROM render.frame_jobs AS f
JOIN render.render_jobs AS j ON j.id = f.render_job_id WHERE f.status = 'queued' AND j.status NOT IN ('rendering', 'preparing', 'queued')
   OR f.status = 'running' AND j.status IN ('completed', 'canceled')
UNION ALL SELECT '5: chunk ' || id || ' is ' || status || ' with lease ' || coalesce(lease_id::text, 'none') || ' until '
       || coalesce(lease_expires_at::text, 'never')
FROM render.frame_jobs WHERE (status = 'running') <> (lease_expires_at IS NOT NULL) OR status = 'running' AND (lease_id IS NULL OR node_id IS NULL)
   OR (status = 'done') <> (segment_key IS NOT NULL)
"""
_RESERVATIONS = """
SELECT '5: the usage of ' || metric || ' of tenant ' || tenant_id || ' still reserves ' || reserved FROM identity.usage_counters
WHERE %(quiet)s AND reserved <> 0
UNION ALL SELECT '5: the quota of ' || owner_type || ' ' || owner_id || ' still reserves ' || reserved_bytes || ' bytes' FROM file_mgr.quotas
WHERE %(quiet)s AND reserved_bytes <> 0
"""
_LOGS = """
SELECT '6: the grant of chunk ' || s.chunk_id || ' under epoch ' || s.epoch || ' has left no attempt' FROM farm_audit.seen AS s
WHERE s.what = 'granted' AND EXISTS (SELECT FROM render.frame_jobs AS f WHERE f.id = s.chunk_id)
  AND NOT EXISTS (SELECT FROM render.frame_attempts AS a WHERE a.frame_job_id = s.chunk_id AND a.epoch = s.epoch)
"""
_TOLD_TWICE = """
SELECT '8: ' || count(*) || ' notices ' || type_key || ' of film ' || (payload->>'job_id') || ' to user ' || user_id FROM notification.notifications
WHERE payload ? 'job_id' GROUP BY tenant_id, user_id, type_key, payload->>'job_id' HAVING count(*) > 1
UNION ALL SELECT '8: film ' || aggregate_id || ' was said to be completed ' || count(*) || ' times' FROM render.outbox_events
WHERE event_type = 'render_job.completed' GROUP BY aggregate_id HAVING count(*) > 1
UNION ALL SELECT '8: film ' || render_job_id || ' has ' || count(*) || ' exports of the kind ' || kind FROM render.exports WHERE deleted_at IS NULL
GROUP BY render_job_id, kind, output_no HAVING count(*) > 1
UNION ALL SELECT '8: ' || count(*) || ' files under the key ' || dedupe_key FROM file_mgr.files WHERE dedupe_key IS NOT NULL GROUP BY tenant_id, dedupe_key
HAVING count(*) > 1
"""
_NOT_TOLD = """
SELECT '8: film ' || j.id || ' is completed with ' || (SELECT count(*) FROM notification.notifications AS n WHERE n.type_key = 'render.completed'
    AND n.payload->>'job_id' = j.id::text) || ' notices and '
    || (SELECT count(*) FROM render.exports AS e WHERE e.render_job_id = j.id AND e.kind = 'video' AND e.output_no = 0 AND e.sha256 IS NOT NULL)
    || ' films'
FROM render.render_jobs AS j WHERE %(whole)s AND %(quiet)s AND j.status = 'completed'
  AND ((SELECT count(*) FROM notification.notifications AS n WHERE n.type_key = 'render.completed' AND n.payload->>'job_id' = j.id::text) <> 1
    OR (SELECT count(*) FROM render.exports AS e WHERE e.render_job_id = j.id AND e.kind = 'video' AND e.output_no = 0 AND e.sha256 IS NOT NULL) <> 1)
"""
_QUERIES: tuple[LiteralString, ...] = (
    _ONE_ACCEPTED, _NEWEST_ACCEPTED, _EPOCHS_RISE, _FRAMES_COVERED, _FRAMES_DONE, _ATTEMPTS, _OUTCOMES, _SLOTS, _QUOTAS, _STUCK, _WORKFLOWS_STUCK,
    _PICTURES_STUCK, _OUTBOX_STUCK, _LEASES, _RESERVATIONS, _TOLD_TWICE, _NOT_TOLD,
)  # fmt: skip
_REFERENCED = """
SELECT 'chunk ' || id, segment_key, output_sha256 FROM render.frame_jobs WHERE status = 'done' AND segment_key IS NOT NULL
UNION ALL SELECT 'export ' || e.id, b.storage_key, e.sha256 FROM render.exports AS e JOIN file_mgr.files AS f ON f.tenant_id = e.tenant_id AND f.id = e.file_id
    JOIN file_mgr.blobs AS b ON b.tenant_id = f.tenant_id AND b.id = f.blob_id WHERE e.deleted_at IS NULL
"""
_DANGLING = """
SELECT '7: export ' || e.id || ' names file ' || e.file_id || ', which is not there' FROM render.exports AS e
WHERE %s AND e.deleted_at IS NULL AND e.file_id IS NOT NULL
AND NOT EXISTS (SELECT FROM file_mgr.files AS f WHERE f.tenant_id = e.tenant_id AND f.id = e.file_id)
"""


def install_witness(conn: psycopg.Connection[Any]) -> None:
    """Let the database note what happens to chunks. As the superuser, once for each database."""
    conn.execute(WITNESS)


def violations(
    conn: psycopg.Connection[Any], stored: Stored | None, *, quiet: bool = True, whole: bool = True
) -> list[str]:
    """Return what is wrong, a sentence each that begins with the invariant's number; an empty list when all eight hold.

    `conn` is the superuser's. `quiet`: nothing should be going on any more, so that whatever is unfinished is stuck. `whole`: the whole platform
    runs, so that a finished film has its notice and its export, and workflows and events run. `stored` gives the hash of an object in the store, None
    of one that is not there; without it the seventh is left out.
    """
    queries = [*_QUERIES]
    if conn.execute("SELECT to_regclass('render.frame_attempts')").fetchone() != (None,):
        queries.append(_LOGS)
    asked = {"quiet": quiet, "whole": whole}
    found = [str(row[0]) for row in conn.execute(" UNION ALL ".join(f"({query})" for query in queries), asked)]
    if stored is not None:
        found += [str(row[0]) for row in conn.execute(_DANGLING, (whole,))]
        for what, key, sha256 in conn.execute(_REFERENCED):
            there = stored(key)
            if there is None:
                found.append(f"7: the output of {what} is not in the store: {key}")
            elif there != bytes(sha256):
                found.append(f"7: the output of {what} has another hash: {key}")
    return found


def stored_in(folder: Path) -> Stored:
    """Return how to look at a store that is a folder."""

    def look(key: str) -> bytes | None:
        path = folder / key
        return hashlib.sha256(path.read_bytes()).digest() if path.is_file() else None

    return look
