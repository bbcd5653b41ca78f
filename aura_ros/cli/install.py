"""``aura doctor``: what this installation has."""

import typer
from rich.markup import escape
from rich.table import Table

from aura_ros.cli.group import console


def doctor() -> None:
    """Say what is installed, what is missing, and what that means."""
    from aura_ros.doctor import findings

    table = Table("part", "found", "means")
    missing = False
    for part in findings():
        missing |= part.needed and not part.found
        found = escape(part.found) or "[red]missing[/red]"
        table.add_row(part.name, found, escape(part.meaning))
    console().print(table)
    raise typer.Exit(1 if missing else 0)
