"""``manage metrics``: prints the metrics of all services in Prometheus' format."""

import click

from management import place as places


@click.command(short_help="Show the metrics of all services.")
@places.option
def command(place: str | None) -> None:
    """Show the metrics of all services and of nginx, in Prometheus' text format.

    docs/operations.md says what each means.

    \b
    Example:
      deploy/manage metrics | grep mergepoint_up
    """
    click.echo(places.named(place).metrics(), nl=False)
