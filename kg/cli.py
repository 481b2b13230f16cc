"""The command `kg`: its subcommands are the files of kg/commands and entry points `kg.commands`.

A subcommand is imported when it is called, so that none pays for another's libraries.
"""

import re
import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

import click

from kg import commands, paths
from kg.errors import FaultyMapping, KgError, UnknownName, did_you_mean

FOUND, WRONG = 1, 2  # exit status: findings in the data; a wrong request or input


def _with_paragraphs(command: click.Command) -> click.Command:
    """Return the command with click's mark before a paragraph that keeps its lines.

    Docstrings are raw, so there the mark is a backslash and a b; click wants the character.
    """
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    return command


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        own = {module.name.replace("_", "-") for module in iter_modules(commands.__path__)}
        return sorted(own | set(_registered()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        if cmd_name in _registered():
            found = _registered()[cmd_name].load()
        else:
            found = import_module(f"kg.commands.{cmd_name.replace('-', '_')}").command
        assert isinstance(found, click.Command), f"{cmd_name} is no click command"
        return _with_paragraphs(found)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their whole first sentence; click would cut it to one line."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl([(n, c.get_short_help_str(200)) for n, c in found.items() if c])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            nearest = did_you_mean(f"kg {args[0]}", (f"kg {n}" for n in self.list_commands(ctx)))
            ctx.fail(f"there is no command {args[0]!r}. {nearest or 'Try kg --help'}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cassibile", prog_name="kg")
def kg() -> None:
    r"""Turn historical texts into a graph whose every fact opens back to their words.

    \b
    Begin with
      kg build                        the graph of all texts, into build/
      kg ask                          the questions that can be asked in plain words
      kg ask who-succeeded-mussolini  one of them, with its answer
      kg why id:badoglio cas:succeeded id:mussolini
                                      the proof, down to the words
      kg query 'SELECT …'             any question, in SPARQL
      kg serve                        the text, the claims and the endpoint in a browser
    \b
    Before a build, after a change to a map
      kg check                        every fault, with its line and how to mend it

    Exit status: 0 done, 1 something was found in the data, 2 a wrong request or input.
    """


_with_paragraphs(kg)


def main() -> None:
    """Run `kg`; an error of ours is a message and an exit status, never a traceback."""
    try:
        _check_base()
        kg()
    except FaultyMapping as error:
        for finding in error.findings:
            click.echo(finding, err=True)
        click.echo(error, err=True)
        sys.exit(FOUND)
    except KgError as error:
        click.echo(error, err=True)
        sys.exit(WRONG)


def _check_base() -> None:
    """Make sure that names can be made with the base.

    Raises: UnknownName.
    """
    if not re.fullmatch(r"https?://[^\s<>\"{}|\\^`#?]+/", paths.BASE):
        hint = "give an address that ends in a slash, such as https://example.org/italy/"
        raise UnknownName(f"KG_BASE is {paths.BASE!r}, which is no base of names", hint=hint)


def _registered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="kg.commands")}
