"""`python -m flatrender` is the `flatrender` command."""

from flatrender.cli import main

main()
