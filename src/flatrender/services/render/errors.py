"""What a caller of the render service may be told."""

from flatrender.kit.errors import Conflict, Forbidden, Gone, NotFound, NotSignedIn, Refused, TooMany


class JobNotFound(NotFound):
    """No such film of this person."""

    code = "render.job_not_found"


class SnapshotNotFound(NotFound):
    """No such picture in this tenant."""

    code = "render.snapshot_not_found"


class TemplateNotFound(NotFound):
    """No such template, or none of its scenes is active."""

    code = "render.template_not_found"


class NodeNotFound(NotFound):
    """No such node or token."""

    code = "render.node_not_found"


class TenantNotFound(NotFound):
    """No such tenant."""

    code = "render.tenant_not_found"


class NotOrdered(Conflict):
    """The film does not wait any more, so its priority cannot be changed."""

    code = "render.not_waiting"


class NotCancellable(Conflict):
    """The film is finished."""

    code = "render.not_cancellable"


class NotRetryable(Conflict):
    """Only a failed or cancelled film can be tried again."""

    code = "render.not_retryable"


class NotRerenderable(Conflict):
    """The film is still being made."""

    code = "render.not_rerenderable"


class LeaseSuperseded(Conflict):
    """The work was given to somebody else, or nobody wants it any more."""

    code = "render.lease_superseded"


class BootSuperseded(Conflict):
    """A newer start of this node has registered."""

    code = "render.boot_superseded"


class NodeUnknown(NotSignedIn):
    """The node secret is not valid: register again."""

    code = "render.node_unknown"


class NodeTokenInvalid(NotSignedIn):
    """The node token is unknown or revoked."""

    code = "render.node_token_invalid"


class ProtocolUnsupported(Refused):
    """The agent speaks another version of the node protocol."""

    code = "render.protocol_unsupported"


class EngineUnknown(Refused):
    """A node claims work for an engine that it did not register."""

    code = "render.engine_unknown"


class CommandUnsupported(Conflict):
    """The node did not register that it carries out this command."""

    code = "render.command_unsupported"


class OutputMissing(Refused):
    """The output that a result names is not in the store, or has another size."""

    code = "render.output_missing"


class UnknownProfile(Refused):
    """No such output profile."""

    code = "render.unknown_profile"


class QueueFull(TooMany):
    """The tenant has as many unfinished films as it may."""

    code = "render.queue_full"


class FleetForbidden(Forbidden):
    """Only the platform's tenant looks after the fleet."""

    code = "render.fleet_forbidden"


class TokenShown(Conflict):
    """The idempotency key made a node token before."""

    code = "render.token_shown"


class FlagNotFound(NotFound):
    """No such flag of a template."""

    code = "render.flag_not_found"


class LogNotFound(NotFound):
    """An attempt without a log, or whose log has been deleted."""

    code = "render.log_not_found"


class NotRepairable(Conflict):
    """Frames are drawn again in a finished film whose parts are kept."""

    code = "render.not_repairable"


class FramesInvalid(Refused):
    """The film does not have these frames, or they are too many at once."""

    code = "render.frames_invalid"


class FrameMissing(NotFound):
    """A frame that cannot be shown."""

    code = "render.frame_not_found"


class ExportNotFound(NotFound):
    """No such output of this person."""

    code = "render.export_not_found"


class ExportNotReady(Conflict):
    """The output is still being made, or could not be."""

    code = "render.export_not_ready"


class ExportExpired(Gone):
    """The output has expired; renewing brings it back."""

    code = "render.export_expired"


class FilmBusy(Conflict):
    """The film is being worked on."""

    code = "render.film_busy"


class TargetNotFound(NotFound):
    """No such delivery target or delivery."""

    code = "render.target_not_found"


class UnknownTarget(Refused):
    """A press names a delivery target that the tenant does not have."""

    code = "render.unknown_target"


class TargetRefused(Refused):
    """A delivery target's address or settings cannot be used."""

    code = "render.target_invalid"


class NameTaken(Conflict):
    """Another one has this name."""

    code = "render.name_taken"


class TooManyTargets(Conflict):
    """The tenant has as many delivery targets as it may."""

    code = "render.too_many_targets"


class DeliveryUnderWay(Conflict):
    """The delivery has not ended yet."""

    code = "render.delivery_under_way"


class ProfileInvalid(Refused):
    """The engine cannot make a film of these settings."""

    code = "render.profile_invalid"


class ProfileNotFound(NotFound):
    """The tenant has no such output profile of its own."""

    code = "render.profile_not_found"
