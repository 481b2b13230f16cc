"""The pipeline, as named steps: read, check, describe, close, assemble, write.

Same input, same bytes; nothing changed, no work. A build writes beside the last good one and
replaces the pointer at the end, so a build that is killed changes nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import pyoxigraph as ox

from kg import chronology, disagree, evidence, formats, paths, perspectives, reason
from kg.bounds import Conflict
from kg.conclude import Conclusions
from kg.disagree import Disagreement
from kg.errors import (
    BrokenSyntax,
    CannotWrite,
    FaultyMapping,
    Finding,
    NoGraph,
    Place,
    UnreadableInput,
)
from kg.load import Source, folders, read_source
from kg.perspectives import Perspective
from kg.proof import record
from kg.proof.derivation import Contradiction
from kg.rules import Rule, read_comparisons, read_rules
from kg.store import CURRENT, REPORT, open_one, write_store
from kg.terms import OWL, PREFIXES, expand, shorten

DUMP = "graph.trig"
_LIBRARIES = ("edtf", "owlrl", "pyoxigraph", "pyshacl", "rdflib")
_NAME = re.compile(r"[0-9a-f]{16}")  # of a build; nothing else in its folder is ever removed
_FILES = {"core": "g:ontology", "shapes": "g:shapes", "alignments": "g:alignments"}
Progress = Callable[[str], None]
Engine = Literal["columns", "owlrl"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did.

    Attributes:
        folder: where the store and the dump are.
        texts: of each text its sentences, claims, alternatives, coverage, and the number of
            triples stated and derived.
        findings: warnings, and what cannot all hold.
        quads: in the store, the default graph included.
        seconds: of work; 0 where nothing had changed.
        changed: whether there was anything to do.
    """

    folder: Path
    texts: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    quads: int
    seconds: float
    changed: bool


def check(
    seeds: Path = paths.SEEDS, ontology: Path = paths.ONTOLOGY
) -> tuple[list[Source], list[Finding]]:
    """Return the texts that can be read, and every fault in all of them, by place.

    A file that cannot be read at all is a finding too.

    Raises: UnreadableInput, if there is no folder of texts; UnreadableInput and BrokenSyntax, if
            the ontology or its shapes cannot be read.
    """
    sources, findings = _read(seeds)
    return sources, _ordered([*findings, *_violations(sources, ontology)])


def build(
    out: Path = paths.BUILD,
    seeds: Path = paths.SEEDS,
    ontology: Path = paths.ONTOLOGY,
    progress: Progress = lambda _: None,
    engine: Engine = "columns",
) -> Report:
    """Build the graph of all texts into a folder, unless it is there already.

    With the engine "owlrl" the same follows, slowly, without proofs and other readings.

    Raises: FaultyMapping, if the check finds an error; UnreadableInput and BrokenSyntax, if the
            ontology or a rule cannot be read; CannotWrite, if the folder is no place to write.
    """
    started = perf_counter()
    name = _digest(seeds, ontology, engine)
    if _is_complete(out / name):
        _point(out, name)
        return _read_report(out / name, seeds)
    quads: list[ox.Quad] = []
    texts: list[dict[str, Any]] = []
    with _beside(seeds, ontology) as violations:
        progress("checking the texts")
        sources, findings = _read(seeds)
        told: list[Finding] = []
        if not _is_faulty(findings):
            quads, texts, told = _assembled(sources, ontology, engine, progress)
        findings = _ordered([*findings, *violations(sources)])
    if _is_faulty(findings):
        raise FaultyMapping(findings)
    quads = formats.ordered(quads)
    progress(f"writing {len(quads):,} quads")
    report = Report(out / name, tuple(texts), (*findings, *told), len(quads), 0.0, changed=True)
    _write(out, quads, report, seeds)
    return replace(report, seconds=perf_counter() - started)


def _read(seeds: Path) -> tuple[list[Source], list[Finding]]:
    """Return the texts that can be read, and the faults that reading them shows."""
    sources, findings = [], []
    for folder in folders(seeds):
        try:
            source, found = read_source(folder)
        except (UnreadableInput, BrokenSyntax) as error:
            place = error.place or Place(folder)
            findings.append(Finding("error", "unreadable", place, error.message, error.hint))
            continue
        sources.append(source)
        findings += found
    return sources, findings


def _violations(sources: Iterable[Source], ontology: Path) -> list[Finding]:
    from kg import validate  # noqa: PLC0415 a third of a second that only a check need spend

    return [each for source in sources for each in validate.violations(source, ontology)]


@contextmanager
def _beside(seeds: Path, ontology: Path) -> Iterator[Callable[[Iterable[Source]], list[Finding]]]:
    """Run the shapes in a process of their own; they take as long as all the rest of a build.

    Yields a function that waits for what they find. Where the process fails, they are run here.
    """
    command = [sys.executable, "-m", "kg.validate", str(seeds), str(ontology)]
    with subprocess.Popen(  # noqa: S603 this interpreter, and a module of ours
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:

        def violations(sources: Iterable[Source]) -> list[Finding]:
            written, _ = process.communicate()
            if process.returncode:
                return _violations(sources, ontology)
            return [Finding.of_json(each, seeds) for each in json.loads(written)]

        try:
            yield violations
        finally:
            process.kill()


def _is_faulty(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by place, each once."""
    return sorted(set(findings), key=lambda f: (f.place, f.severity, f.code, f.message, f.hint))


def _assembled(
    sources: Sequence[Source], ontology: Path, engine: Engine, progress: Progress
) -> tuple[list[ox.Quad], list[dict[str, Any]], list[Finding]]:
    """Return all quads of the graph, the figures of each text, and what cannot all hold."""
    core = (quad.triple for quad in formats.read(ontology / "core.ttl"))
    axioms = sorted(filter(reason.is_axiom, core), key=str)
    rules = read_rules(ontology / "rules")
    close = _closed_by_owlrl if engine == "owlrl" else _closed
    quads = [*_claim_graphs(sources), *_files(ontology)]
    texts: list[dict[str, Any]] = []
    findings: list[Finding] = []
    inside: list[Disagreement] = []
    for source, perspective in zip(sources, perspectives.of_texts(sources), strict=True):
        progress(f"reasoning over {source.name}")
        closed = close([source], perspective, axioms, rules)
        findings += closed.findings
        quads.extend(closed.quads)
        inside += closed.inside
        texts.append(_figures(source, closed))
        if closed.conclusions:
            for reading in perspectives.of_readings(source):
                under = closed.conclusions.under(reading)
                quads.extend(_in(reading.view, under.told()))
                if under.chronology.conflict:
                    claim = expand(f"text:{source.name}/claim/{reading.key.rpartition('/')[2]}")
                    conflict = under.chronology.conflict
                    inside.append(disagree.crossing(perspective.key, conflict, claim))
    for perspective in perspectives.of_reference(sources):
        progress("reasoning over the reference")
        closed = close(sources, perspective, axioms, rules)
        findings += closed.findings
        quads.extend(closed.quads)
        inside += closed.inside
    if engine == "columns":  # a disagreement leads to proofs, and owlrl records none
        progress("comparing the perspectives")
        whole = (*perspectives.of_texts(sources), *perspectives.of_reference(sources))
        comparisons = read_comparisons(ontology / "rules")
        keys = [each.key for each in whole]
        quads.extend([*disagree.compare(quads, keys, comparisons, inside)])
    return [*quads, *_default_graph(sources, quads)], texts, findings


def _claim_graphs(sources: Iterable[Source]) -> Iterator[ox.Quad]:
    """Yield the claims, each in its own graph, and what is known of claims and entities."""
    for source in sources:
        for claim in (*source.claims, *source.reference):
            yield from _in(claim.iri, claim.triples)
        yield from _in(expand("g:claims"), evidence.describe(source))
        yield from _in(expand("g:claims"), evidence.describe_reference(source))
        yield from _in(expand("g:entities"), (*source.entities, *source.others))


def _files(ontology: Path) -> Iterator[ox.Quad]:
    for stem, graph in _FILES.items():
        yield from _in(expand(graph), (q.triple for q in formats.read(ontology / f"{stem}.ttl")))


@dataclass(frozen=True, slots=True)
class _Closed:
    """A perspective with all that follows.

    Attributes:
        stated: by its claims.
        derived: what follows and says something.
        quads: its graphs and its proofs.
        findings: what cannot all hold.
        figures: of the reasoning.
        inside: what it cannot hold at once.
        conclusions: from which other readings go on; None with owlrl.
    """

    stated: int
    derived: int
    quads: tuple[ox.Quad, ...]
    findings: tuple[Finding, ...]
    figures: dict[str, int]
    inside: tuple[Disagreement, ...] = ()
    conclusions: Conclusions | None = None


def _closed(
    sources: Sequence[Source],
    perspective: Perspective,
    axioms: Sequence[ox.Triple],
    rules: Sequence[Rule],
) -> _Closed:
    found = Conclusions(perspective, axioms, rules)
    contradictions = [*found.contradictions()]
    clashing = [premise for each in contradictions for premise in each.premises]
    claims = [claim for source in sources for claim in (*source.claims, *source.reference)]
    weakness = {claim.iri: record.READINGS.index(claim.reading) for claim in claims}
    known = found.facts(weakness, clashing)
    told = [_contradiction(sources, each, known) for each in contradictions]
    if found.chronology.conflict:
        told.append(_conflict(sources, found.chronology.conflict))
    return _Closed(
        len(perspective.stated),
        len(found.derived),
        (
            *_in(perspective.derived, found.derived),
            *_in(perspective.bounds, found.dated),
            *_in(perspective.bounds, found.chronology.in_owl_time(perspective.key)),
            *_in(perspective.view, found.view()),
            *_in(expand("g:why"), record.describe(perspective.key, known)),
        ),
        tuple(told),
        {
            "rounds": found.closure.rounds,
            "inferences": sum(len(fact.steps) for fact in known.values()),
            "dated": len(found.chronology.known),
        },
        tuple(_inside(perspective.key, found, contradictions, known)),
        found,
    )


def _inside(
    key: str,
    found: Conclusions,
    contradictions: Iterable[Contradiction],
    known: Mapping[ox.Triple, record.Fact],
) -> Iterator[Disagreement]:
    """Yield what a perspective cannot hold at once, by an axiom or by its days."""
    for each in contradictions:
        if premises := [premise for premise in each.premises if premise in known]:
            yield disagree.contradiction(key, premises)
    if found.chronology.conflict:
        yield disagree.crossing(key, found.chronology.conflict)


def _closed_by_owlrl(
    sources: Sequence[Source],
    perspective: Perspective,
    axioms: Sequence[ox.Triple],
    rules: Sequence[Rule],
) -> _Closed:
    """Return the same as `_closed`, without proofs: owlrl does not tell how it concluded."""
    from kg.reason import oracle  # noqa: PLC0415 half a second, for those who ask for it

    stated = perspective.stated
    terms = {axiom.subject for axiom in axioms}
    ordered, _ = oracle.close_with_rules([*stated, *axioms], rules)
    found = chronology.of_facts(ordered, lambda _: ())
    dated = {*found.bounds, *found.between_tenures}
    whole, messages = oracle.close_with_rules([*stated, *axioms, *dated], rules)
    derived = {
        triple
        for triple in whole.difference(axioms, stated, dated)
        if reason.says_something(triple, terms)
        and not (triple.predicate == OWL.sameAs and triple.subject == triple.object)
    }
    told = {*found.bounds, *found.relations, *found.handovers(perspective.key, derived)}
    view = (t for t in {*stated, *derived, *told} if t.subject != t.object)
    return _Closed(
        len(stated),
        len(derived),
        (
            *_in(perspective.derived, derived),
            *_in(perspective.bounds, (*told, *found.in_owl_time(perspective.key))),
            *_in(perspective.view, view),
        ),
        tuple(_told(sources, (), message) for message in sorted(messages)),
        {},
    )


def _default_graph(sources: Sequence[Source], quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield what is asked when no graph is named: the texts' views, ontology, names and claims.

    Nothing of the reference is in it.
    """
    default = ox.DefaultGraph()
    merged = {perspective.view for perspective in perspectives.of_texts(sources)}
    merged.add(expand("g:ontology"))
    for quad in quads:
        if quad.graph_name in merged:
            yield ox.Quad(quad.subject, quad.predicate, quad.object, default)
    for source in sources:
        yield from _in(default, (*evidence.describe(source), *source.entities))


def _in(graph: ox.NamedNode | ox.DefaultGraph, triples: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
    return (ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples)


def _contradiction(
    sources: Sequence[Source], found: Contradiction, known: Mapping[ox.Triple, record.Fact]
) -> Finding:
    """Return a contradiction as a finding that names the claims it rests on."""
    claims = sorted({c.value for p in found.premises for c in record.leaves(p, known)})
    said = ", ".join(" ".join(map(shorten, p)) for p in found.premises if p in known)
    return _told(sources, claims, f"cannot all hold: {said or found.detail} ({found.rule})")


def _conflict(sources: Sequence[Source], found: Conflict) -> Finding:
    """Return days that cross as a finding that names the smallest set of claims."""
    ends = [proof[-1].fact for proof in (found.earliest, found.latest) if proof]
    said = [f"{shorten(ox.NamedNode(e.occurrence))} {e.bound} {e.day}" for e in ends]
    if found.runaway:
        said = ["durations that carry a day ever further"]
    return _told(sources, found.claims, f"these days cannot all hold: {', '.join(said)}")


def _told(sources: Sequence[Source], claims: Sequence[str], message: str) -> Finding:
    names = [shorten(ox.NamedNode(claim)).removeprefix("text:") for claim in claims]
    if names:
        message += f"; it rests on {', '.join(name.replace('/claim/', ' ') for name in names)}"
    things = (expand(name).value for name in re.findall(r"\bid:[\w-]+", message))
    places = [source.place(*claims, *things, source.iri.value) for source in sources]
    place = next((place for place in places if place.line), places[0])
    return Finding("warning", "inconsistent", place, message, "one of the claims must give way")


def _figures(source: Source, closed: _Closed) -> dict[str, Any]:
    asserted = sum(claim.asserted for claim in source.claims)
    return {
        "name": source.name,
        "sentences": len(source.sentences),
        "claims": asserted,
        "alternatives": len(source.claims) - asserted,
        "coverage": round(source.coverage, 4),
        "stated": closed.stated,
        "derived": closed.derived,
        **closed.figures,
    }


def _write(out: Path, quads: Sequence[ox.Quad], report: Report, seeds: Path) -> None:
    """Write a build beside the others, point to it, and drop all but it and the one before."""
    name = report.folder.name
    partial = out / f".partial-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        partial.mkdir()
        trig = formats.named("trig", formats.RDF_SYNTAXES)
        (partial / DUMP).write_bytes(formats.serialize(quads, trig, PREFIXES))
        write_store(quads, partial)
        (partial / REPORT).write_text(_written(report, seeds), encoding="utf-8")
        if not _is_complete(out / name):  # else another build was faster, with the same result
            shutil.rmtree(out / name, ignore_errors=True)
            partial.rename(out / name)
        last = _point(out, name)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"cannot write the build: {why}", Place(out)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for folder in out.iterdir():
        if _NAME.fullmatch(folder.name) and folder.name not in {name, last}:
            shutil.rmtree(folder, ignore_errors=True)


def _point(out: Path, name: str) -> str:
    """Make this build the current one, in one step; return the one that was."""
    pointer = out / CURRENT
    last = pointer.read_text(encoding="utf-8", errors="replace") if pointer.is_file() else ""
    last = last.strip()
    if last != name:
        fresh = out / f".{CURRENT}-{os.getpid()}"
        fresh.write_text(f"{name}\n", encoding="utf-8")
        fresh.replace(pointer)
    return last


def _sweep(out: Path) -> None:
    """Remove what builds left behind that were killed; those of living processes stay."""
    for partial in out.glob(".partial-*"):
        process = partial.name.removeprefix(".partial-")
        if not process.isdecimal() or not _is_alive(int(process)):
            shutil.rmtree(partial, ignore_errors=True)


def _is_alive(process: int) -> bool:
    """Return whether another process of this number runs."""
    if process == os.getpid():  # this one has written nothing yet: the number was used before
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # someone else's
    return True


def _digest(seeds: Path, ontology: Path, engine: Engine) -> str:
    """Return a name for what a build depends on: its input, this code and the engines."""
    libraries = (f"{name} {version(name)}" for name in _LIBRARIES)
    digest = sha256("\n".join([engine, *libraries]).encode())
    inputs = [
        *(ontology / f"{stem}.ttl" for stem in _FILES),
        *sorted((ontology / "rules").glob("*/*.rq")),
        *(path for folder in folders(seeds) for path in sorted(folder.glob("*.t*"))),
        *sorted(paths.CODE.rglob("*.py")),
        *sorted(paths.CODE.glob("words/*.json")),  # disagreements are told in words
    ]
    for path in inputs:
        digest.update(f"\n{path.parent.name}/{path.name}\n".encode())
        with suppress(OSError):  # a missing file is for the check to tell
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _is_complete(folder: Path) -> bool:
    """Return whether this build is there and undamaged."""
    try:
        open_one(folder)
    except NoGraph:
        return False
    return True


def _written(report: Report, seeds: Path) -> str:
    """Return what is kept of a report: nothing that differs by machine or hour."""
    findings = [finding.as_json(seeds) for finding in report.findings]
    kept = {"texts": report.texts, "findings": findings, "quads": report.quads}
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"


def _read_report(folder: Path, seeds: Path) -> Report:
    kept = json.loads(formats.read_text(folder / REPORT))
    findings = (Finding.of_json(each, seeds) for each in kept["findings"])
    return Report(folder, tuple(kept["texts"]), tuple(findings), kept["quads"], 0.0, changed=False)
