"""What can be set of the content service."""

import msgspec

MIB = 1024 * 1024


class ContentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of importing and resolving; the defaults suit two cores."""

    package_bytes: int = 64 * MIB
    """Largest package that can be imported."""
    import_seconds: float = 40.0
    """How long reading one package may take."""
    import_memory_bytes: int = 2048 * MIB
    """Address space of the process that reads a package."""
    imports_waiting: int = 8
    """Imports that wait for their turn (one runs at a time); more are told to come back."""
    project_bytes: int = 512 * MIB
    """Largest After Effects project that can be imported, with what comes with it, packed or unpacked."""
    project_seconds: float = 150.0
    """How long converting one project may take; nobody waits for it with a request."""
    project_lease_s: float = 60.0
    """How long an import waits for a process that does not say that it goes on with it."""
    project_imports_open: int = 5
    """Projects of one tenant that wait or are being converted; more are told to come back."""
    resolve_threads: int = 2
    resolve_waiting: int = 64
    """Scenes that wait for a thread; more are told to come back."""
    resolve_seconds: float = 10.0
    """How long a caller waits for its scenes."""
    templates_in_memory: int = 24
    templates_in_memory_bytes: int = 192 * MIB
    """Loaded packages kept, counted by the size of the package."""
    pictures_in_memory_bytes: int = 48 * MIB
    clips_on_disk_bytes: int = 4096 * MIB
    """Films fetched from a remote object store that are kept on this machine."""
    picture_bytes: int = 32 * MIB
    """Pictures of one request together."""
    traces_waiting: int = 8
    """Pictures that wait to be traced (one is at a time); more are told to come back."""
    trace_seconds: float = 90.0
    """How long a caller waits for a traced picture."""
    traced_picture_bytes: int = 32 * MIB
    """Largest picture that is traced."""
