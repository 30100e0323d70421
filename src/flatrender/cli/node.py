"""`flatrender node`: a rendering node of a farm."""

import logging
import os
import re
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from flatrender.protocol.register import Hours
    from flatrender.protocol.work import Engine


def node(
    server: Annotated[str, typer.Option(help="Address of the platform, for example https://render.example.com")],
    token_file: Annotated[Path, typer.Option(help="File with the node token", exists=True, dir_okay=False)],
    name: Annotated[str | None, typer.Option(help="Name that people see; default: the machine's")] = None,
    slots: Annotated[
        int | None, typer.Option(min=1, max=64, help="Films' parts drawn at once; default: one a core")
    ] = None,
    data_dir: Annotated[Path, typer.Option(help="Folder for the node's id, scenes and unsent results")] = Path(
        "node-data"
    ),
    engine: Annotated[
        list[str] | None,
        typer.Option(
            help="What to draw with: thorvg, aerender (After Effects); give it twice for both. Default: all that is there"
        ),
    ] = None,
    template_cache_gb: Annotated[
        int, typer.Option(min=1, max=10_000, help="Most GB of After Effects projects that are kept on the disk")
    ] = 20,
    hours: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM-HH:MM", help="When to work, each day; outside it finishes what it has and claims nothing"
        ),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of --hours, for example Asia/Tehran; default: the machine's")
    ] = None,
    *,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            help="Certificates (PEM) to trust beside the usual ones, for a platform with an authority of its own",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Answer Prometheus on this port (GET /metrics)")
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address of that port")] = "127.0.0.1",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error")] = "info",
) -> None:
    """Render for a farm until stopped."""
    from flatrender import __version__, telemetry
    from flatrender.aftereffects.aerender.installations import PROGRAM_VARIABLE, installations
    from flatrender.cli import lifeline
    from flatrender.node.agent import RESTART_EXIT_CODE, Agent, AgentConfig
    from flatrender.node.errors import NodeError

    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s%(trace)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(telemetry.TraceInLines())
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    token = token_file.read_text("utf-8").strip()
    if not token:
        typer.echo(f"{token_file} is empty: put the node token into it", err=True)
        raise typer.Exit(2)
    found = installations()
    wanted = frozenset(engine or (["thorvg", "aerender"] if found else ["thorvg"]))
    unknown = sorted(wanted - {"thorvg", "aerender"})
    if unknown:
        typer.echo(f"--engine {unknown[0]}: there are thorvg and aerender", err=True)
        raise typer.Exit(2)
    if "aerender" in wanted and not found:
        typer.echo(
            f"--engine aerender: no After Effects was found here; install it, or let {PROGRAM_VARIABLE} name its aerender",
            err=True,
        )
        raise typer.Exit(2)
    working = _hours(hours, time_zone)
    config = AgentConfig(
        server=server,
        token=token,
        name=name or socket.gethostname(),
        slots=slots or os.cpu_count() or 1,
        data_dir=data_dir,
        engines=cast("frozenset[Engine]", wanted),
        after_effects=tuple(found) if "aerender" in wanted else (),
        ca_file=ca_file,
        template_cache_bytes=template_cache_gb << 30,
        hours=working,
    )
    if "aerender" in wanted:
        typer.echo(f"After Effects {found[0].version}: {found[0].program}", err=True)
    ends = [telemetry.set_up("flatrender-node", __version__)]
    try:
        agent = Agent(config)
        if metrics_port is not None:
            from flatrender.node import metrics

            try:
                ends.append(metrics.serve(metrics_port, agent.figures, host=metrics_host))
            except OSError as error:
                typer.echo(f"--metrics-port {metrics_port}: {error.strerror}", err=True)
                raise typer.Exit(2) from error
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: agent.stop())
        lifeline.watch()
        agent.run()
    except NodeError as error:
        typer.echo(f"the node stopped: {error}", err=True)
        raise typer.Exit(1) from error
    finally:
        for end in reversed(ends):
            end()
    if agent.restart:
        raise typer.Exit(RESTART_EXIT_CODE)


def _hours(text: str | None, time_zone: str | None) -> "Hours | None":
    """Return what --hours says; end the command when it says nothing."""
    from flatrender.node.identity import local_time_zone
    from flatrender.protocol.register import Hours

    if text is None:
        return None
    found = re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", text.strip())
    if found is None:
        typer.echo(f"--hours {text}: give two times, for example 22:00-08:00", err=True)
        raise typer.Exit(2)
    return Hours(begin=found[1], end=found[2], time_zone=time_zone or local_time_zone())
