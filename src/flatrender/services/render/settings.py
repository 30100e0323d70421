"""What can be set in the render service."""

import msgspec


class RenderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds; the nodes learn theirs at registration."""

    lease_s: float = 60.0
    """How long a lease lasts without a heartbeat."""
    heartbeat_s: float = 15.0
    progress_s: float = 1.0
    """How often a node reports while it draws, and how often people hear of progress."""
    claim_wait_s: float = 20.0
    claim_recheck_s: float = 1.0
    """How long a waiting claim trusts the bell before it looks again."""
    sweep_s: float = 1.0
    """How often expired leases are looked for."""
    grace_s: float = 60.0
    """No lease expires for so long after this service or its database was away."""
    work_deadline_s: float = 1800.0
    link_life_s: int = 7200
    """How long a node may fetch a scene and put an output."""
    aerender_deadline_s: float = 4 * 3600.0
    """As `work_deadline_s`, of a chunk that After Effects draws."""
    aerender_still_deadline_s: float = 1800.0
    """Of its pictures, all that are drawn in one launch."""
    machine_failures: int = 3
    """After so many hangs, crashes and errors without a reason After Effects' work is given back to the person: it may be the project."""
    licence_pause_s: float = 300.0
    """How long a node whose After Effects had no licence gets no work for it."""
    warm_patience_s: float = 60.0
    """How long a chunk may wait while nodes are given others whose project they have already."""
    batch_stills: int = 16
    """Most pictures of one project that a node gets at once."""
    quarantine_after: int = 5
    """Failures of a node in an hour."""
    quarantine_s: float = 600.0
    blame_nodes: int = 3
    """A scene that stopped engines on so many nodes (all, where there are fewer) is not tried again, and its template is flagged."""
    max_repairs: int = 3
    """How often broken frames of one chunk are drawn again before the film fails."""
    max_film_repairs: int = 24
    """The same of all chunks of a film together."""
    log_days: float = 30.0
    """How long the logs of attempts are kept."""
    chunk_s: float = 5.0
    """How long a chunk should take a node."""
    chunk_frames: int = 120
    """Output frames of a chunk of a template that has not been measured yet; one of `chunk_lengths`."""
    chunk_lengths: tuple[int, ...] = (30, 60, 120, 240, 480)
    """The lengths that chunks may have: few, so that films of one template are cut in the same places."""
    aerender_chunk_s: float = 300.0
    """How long After Effects should work on a chunk: it takes half a minute to start."""
    aerender_chunk_frames: int = 300
    """As `chunk_frames`, one of `aerender_chunk_lengths`."""
    aerender_chunk_lengths: tuple[int, ...] = (150, 300, 600, 1200)
    speeds_kept_days: float = 180.0
    """How long what was learned of a scene is kept when nobody renders it."""
    forecast_fresh_s: float = 60.0
    """How old a film's time left may be and still be shown."""
    snapshot_width: int = 960
    """Pixels of a scene's thumbnail."""
    max_snapshot_width: int = 1920
    resolve_batch: int = 4
    """Scenes resolved with one call to content."""
    max_scenes: int = 200
    """Scenes of one film."""
    join_deadline_s: float = 600.0
    max_sound_bytes: int = 256 << 20
    """All sound files of one film together."""
    max_clip_bytes: int = 512 << 20
    """Largest film that a scene may show."""
    max_scene_bytes: int = 128 << 20
    """Largest resolved scene."""
    max_segment_bytes: int = 1 << 30
    export_keep_days: int | None = 90
    """How long finished films are kept where the tenant's limits say nothing else; None: for good."""
    export_warn_days: int = 3
    """How many days before its end the owner of a film is told."""
    export_grace_days: int = 7
    """How long the file of an expired film is still kept, so that it can be had back at once."""
    public_url: str = ""
    """How people reach us, for links in what is delivered."""
    delivery_deadline_s: float = 20.0
    """How long a webhook may take to answer."""
    upload_deadline_s: float = 120.0
    """How long a bucket may take for 16 MiB."""
    delivery_schedule_s: tuple[float, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    """Pauses between the attempts of a delivery; after the last one it is dead."""
    delivery_lease_s: float = 60.0
    """How long an attempt is somebody's own without being renewed."""
    delivery_poll_s: float = 2.0
    max_targets: int = 20
    """Delivery targets of a tenant."""
    dev_snapshots: bool = False
    """`RENDER_DEV_SNAPSHOTS`: fulfil scene thumbnails here, in child processes, without a node. Never a render job."""
    dev_snapshot_deadline_s: float = 60.0
