"""What templates write of a term, a fact and the words of a claim: links where there is a page.

Functions and not macros, since a page has hundreds of them, and a macro takes ten times as long.
"""

from typing import Protocol

from flask import request
from markupsafe import Markup, escape

from kg.words import say
from server import documents
from server.cards import Cell, Ground


class Linked(Protocol):
    """What is said in a sentence and may have a page."""

    @property
    def words(self) -> str:
        """Return the sentence."""
        ...

    @property
    def path(self) -> str:
        """Return the path of its page; empty where it has none."""
        ...


class Ruled(Protocol):
    """What goes by a rule."""

    @property
    def rule(self) -> str:
        """Return the name of the rule."""
        ...

    @property
    def rule_path(self) -> str:
        """Return the path of its page; empty where it has none."""
        ...


def href(path: str) -> str:
    """Return the address of a page: ours below the root that was asked, another's as it is."""
    return path if "://" in path else f"{request.script_root}{path}"


def named(cell: Cell) -> Markup:
    """Return a term by its name."""
    if not cell.path:
        return _safe(_spoken(cell))
    return _safe(f'<a href="{escape(href(cell.path))}">{escape(cell.label)}</a>')


def term(cell: Cell) -> Markup:
    """Return a term by its name, with its compact name or its language."""
    if not cell.path:
        language = f' <small class="soft">{cell.language}</small>' if cell.language else ""
        return _safe(_spoken(cell) + language)
    short = f" <code>{escape(cell.short)}</code>" if cell.label != cell.short else ""
    about = f'class="term" href="{escape(href(cell.path))}"'
    return _safe(f"<a {about}>{escape(cell.label)}{short}</a>")


def linked(fact: Linked) -> Markup:
    """Return a fact in words."""
    if not fact.path:
        return escape(fact.words)
    return _safe(f'<a href="{escape(href(fact.path))}">{escape(fact.words)}</a>')


def basis(ground: Ground) -> Markup:
    """Return what a claim rests on: its words in quotation marks, or a reference work's source."""
    if ground.told.source:
        source = escape(ground.told.source)
        comment = escape(ground.told.comment)
        more = f' <span class="soft" lang="en">{comment}</span>' if comment else ""
        return _safe(f'<a href="{source}">{source}</a>{more}')
    quotes = (
        f"“<span{_in(ground.language)}>{escape(quote.exact)}</span>”"
        for quote in ground.told.quotes
    )
    return _safe(" … ".join(quotes))


def leaf(ground: Ground, language: str) -> Markup:
    """Return the end of a branch of a proof: words with their claim, and where they are seen."""
    claim = ground.claim
    number = f'<a class="number" href="{escape(href(claim.path))}">{escape(claim.label)}</a>'
    end = f'<p class="words">{basis(ground)} {number}</p>'
    if not ground.told.source:
        there = escape(href(documents.address(f"text/{ground.told.text}", language=language)))
        see = escape(say(language, "page/see-in-text"))
        end += f'\n<p class="see"><a href="{there}#{escape(ground.told.name)}">{see}</a></p>'
    return _safe(end)


def ruled(step: Ruled) -> Markup:
    """Return the rule of a step by its name."""
    name = escape(step.rule)
    if not step.rule_path:
        return _safe(f'<code class="rule">{name}</code>')
    address = escape(href(step.rule_path))
    return _safe(f'<a class="rule" href="{address}"><code>{name}</code></a>')


def _spoken(cell: Cell) -> str:
    language = _in(cell.language) if cell.language else ""
    return f"<span{language}>{escape(cell.label)}</span>"


def _in(language: str) -> str:
    return f' lang="{escape(language)}"'


def _safe(html: str) -> Markup:
    return Markup(html)  # noqa: S704 all of it is ours or was escaped
