"""`flatrender node`: a rendering node of a farm."""

import logging
import os
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer


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
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error")] = "info",
) -> None:
    """Render for a farm until stopped."""
    from flatrender.cli import lifeline
    from flatrender.node.agent import Agent, AgentConfig
    from flatrender.node.errors import NodeError

    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    token = token_file.read_text("utf-8").strip()
    if not token:
        typer.echo(f"{token_file} is empty: put the node token into it", err=True)
        raise typer.Exit(2)
    config = AgentConfig(
        server=server,
        token=token,
        name=name or socket.gethostname(),
        slots=slots or os.cpu_count() or 1,
        data_dir=data_dir,
    )
    try:
        agent = Agent(config)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: agent.stop())
        lifeline.watch()
        agent.run()
    except NodeError as error:
        typer.echo(f"the node stopped: {error}", err=True)
        raise typer.Exit(1) from error
