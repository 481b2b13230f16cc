"""`kg why-not`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kg import options, paths, perspectives, words
from kg.proof.render import Names, clause_of, names_of, pattern_in_words, sentence
from kg.proof.whynot import NearMiss, Shape, clashes, why_not
from kg.rules import read_rules
from kg.store import Graph, open_graph
from kg.terms import read_triple

_INDENT = "   "


@click.command()
@click.argument("triple", nargs=-1, required=True, metavar="SUBJECT PROPERTY OBJECT")
@click.option("--most", default=3, show_default=True, help="How many near misses to show.")
@options.in_language("the answer and of names")
@click.option("--perspective", metavar="NAME", help="E.g. text/italy-1943.  [default: the first]")
@options.build_folder
def command(
    triple: tuple[str, ...], most: int, language: str, perspective: str | None, build: Path
) -> None:
    r"""Tell why a triple does not hold: which rule could conclude it, and what is missing.

    \b
      kg why-not id:mussolini cas:succeeded id:badoglio
      kg why-not 'id:patton cas:commands id:british-eighth-army' --lang it

    The nearest rule comes first. A missing premise that another reading or another perspective
    has is said to stand there. Exit status: 1 if the triple holds.
    """
    asked = read_triple(" ".join(triple))
    graph = open_graph(build)
    graph.check_names(" ".join(triple))
    key = perspectives.choose(graph.store, perspective)
    names = names_of(graph, language)
    facts = perspectives.Held(graph.store, key)
    if asked in facts:
        click.echo(f"{sentence(asked, names)}: {words.say(language, 'held')}")
        click.echo(f"  hint: kg why {' '.join(triple)}", err=True)
        sys.exit(1)
    rules = read_rules(paths.ONTOLOGY / "rules")
    click.echo(f"{sentence(asked, names)}: {words.say(language, 'not-held')}")
    for place in _elsewhere(graph, key, tuple(asked), names):
        click.echo(f"{_INDENT}{place}")
    axioms = set(perspectives.axioms(graph.store))
    for clash in clashes(asked, facts, rules):
        found = clash.contradiction
        because = clause_of(found.rule, [p for p in found.premises if p in axioms], names)
        shown = ", ".join(sentence(p, names) for p in found.premises if p not in axioms)
        click.echo(words.say(language, "clash", triples=shown, clause=because))
    for number, near in enumerate(why_not(asked, facts, rules, most), 1):
        click.echo(f"{number}. " + "\n".join(_lines(graph, key, near, names, "")).lstrip())


def _lines(graph: Graph, key: str, near: NearMiss, names: Names, margin: str) -> Iterator[str]:
    because = clause_of(near.rule, near.axioms, names)
    yield f"{margin}{because}  [{near.rule}]"
    inner = margin + _INDENT
    for premise in near.premises:
        yield f"{inner}{words.say(names.language, 'held')}: {sentence(premise, names)}"
    for text in near.unmet:
        yield f"{inner}{words.say(names.language, 'unmet', condition=text)}"
    for missing in near.missing:
        said = pattern_in_words(missing.pattern, names)
        yield f"{inner}{words.say(names.language, 'missing')}: {said}"
        for place in _elsewhere(graph, key, missing.shape, names):
            yield f"{inner}{_INDENT}{place}"
        for further in missing.nearest[:1]:
            yield from _lines(graph, key, further, names, inner + _INDENT)


def _elsewhere(graph: Graph, key: str, shape: Shape, names: Names) -> Iterator[str]:
    """Yield where a triple stands all the same: in another reading, another perspective."""
    claims, others = perspectives.elsewhere(graph.store, key, shape)
    for claim in claims:
        place = names.evidence(claim).place(names.language)
        yield words.say(names.language, "other-reading", place=place)
    for other in others:
        yield words.say(names.language, "other-perspective", name=other)
