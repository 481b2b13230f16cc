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
from kg.store import DUMP, REPORT, Writer, open_one, point
from kg.terms import OWL, expand, shorten
from kg.verified import unverified

_LIBRARIES = ("edtf", "numpy", "owlrl", "pyoxigraph", "pyshacl", "rdflib")
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
            the ontology, its shapes or a table of items cannot be read.
    """
    sources, findings = _read(seeds)
    more = (*_violations(sources, ontology), *unverified(sources, ontology))
    return sources, _ordered([*findings, *more])


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
        point(out, name)
        return _read_report(out / name, seeds)
    with _beside(seeds, ontology) as violations:
        progress("checking the texts")
        sources, findings = _read(seeds)
        if _is_faulty(findings):
            raise FaultyMapping(_ordered([*findings, *violations(sources)]))
        with _partial(out) as folder:
            with Writer(folder) as writer:
                texts, told = _assemble(writer, sources, ontology, engine, progress)
                progress("writing")
                writer.load()
                (folder / DUMP).write_bytes(writer.as_trig())
            findings = _ordered([*findings, *violations(sources)])
            if _is_faulty(findings):
                raise FaultyMapping(findings)
            count = sum(map(len, writer.graphs.values()))
            report = Report(out / name, texts, (*findings, *told), count, 0.0, changed=True)
            (folder / REPORT).write_text(_written(report, seeds, engine), encoding="utf-8")
            _publish(out, folder, name)
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


def _assemble(
    writer: Writer, sources: Sequence[Source], ontology: Path, engine: Engine, progress: Progress
) -> tuple[tuple[dict[str, Any], ...], list[Finding]]:
    """Write all graphs; return the figures of each text, and what cannot all hold."""
    for stem, graph in _FILES.items():
        writer.add(expand(graph), (q.triple for q in formats.read(ontology / f"{stem}.ttl")))
    core = writer.graphs[expand(_FILES["core"])].values()  # sorted
    axioms = [triple for triple in core if reason.is_axiom(triple)]
    rules = read_rules(ontology / "rules")
    close = _closed_by_owlrl if engine == "owlrl" else _closed
    texts = perspectives.of_texts(sources)
    figures: list[dict[str, Any]] = []
    findings: list[Finding] = []
    inside: list[Disagreement] = []

    def write(closed: _Closed) -> None:
        for graph, triples in closed.graphs.items():
            writer.add(graph, triples)
        findings.extend(closed.findings)
        inside.extend(closed.inside)

    _write_claims(writer, sources)
    known: list[Conclusions] = []
    for source, perspective in zip(sources, texts, strict=True):
        progress(f"reasoning over {source.name}")
        closed = close([source], perspective, axioms, rules)
        write(closed)
        figures.append(_figures(source, closed))
        known += [closed.conclusions] if closed.conclusions else []
    _write_default_graph(writer, sources)
    for source, perspective, conclusions in zip(sources, texts, known, strict=False):
        for reading in perspectives.of_readings(source):
            under = conclusions.under(reading)
            writer.add(reading.view, under.told())
            if conflict := under.chronology.conflict:
                claim = expand(f"text:{source.name}/claim/{reading.key.rpartition('/')[2]}")
                inside.append(disagree.crossing(perspective.key, conflict, claim))
    for perspective in perspectives.of_reference(sources):
        progress("reasoning over the reference")
        write(close(sources, perspective, axioms, rules))
    if engine == "columns":  # a disagreement leads to proofs, and owlrl records none
        progress("comparing the perspectives")
        keys = [each.key for each in (*texts, *perspectives.of_reference(sources))]
        comparisons = read_comparisons(ontology / "rules")
        writer.add(disagree.GRAPH, disagree.compare(writer.graphs, keys, comparisons, inside))
    return tuple(figures), findings


def _write_claims(writer: Writer, sources: Iterable[Source]) -> None:
    """Write the claims, each as its own graph, and what is known of claims and entities."""
    for source in sources:
        for claim in (*source.claims, *source.reference):
            writer.add(claim.iri, claim.triples)
        described = (*evidence.describe(source), *evidence.describe_reference(source))
        writer.add(expand("g:claims"), described)
        writer.add(expand("g:entities"), (*source.entities, *source.others))


def _write_default_graph(writer: Writer, sources: Sequence[Source]) -> None:
    """Write what is asked when no graph is named: the texts' views, ontology, names and claims.

    Nothing of the reference is in it.
    """
    default = ox.DefaultGraph()
    for perspective in perspectives.of_texts(sources):
        writer.copy(perspective.view, default)
    writer.copy(expand("g:ontology"), default)
    for source in sources:
        writer.add(default, (*evidence.describe(source), *source.entities))


@dataclass(frozen=True, slots=True)
class _Closed:
    """A perspective with all that follows.

    Attributes:
        stated: by its claims.
        derived: what follows and says something.
        graphs: of it, and its proofs.
        findings: what cannot all hold.
        figures: of the reasoning.
        inside: what it cannot hold at once.
        conclusions: from which other readings go on; None with owlrl.
    """

    stated: int
    derived: int
    graphs: dict[ox.NamedNode, Iterable[ox.Triple]]
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
        {
            perspective.derived: found.derived,
            perspective.bounds: (
                *found.dated,
                *found.chronology.in_owl_time(perspective.key),
            ),
            perspective.view: found.view(),
            expand("g:why"): record.describe(perspective.key, known),
        },
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
    told = {*found.bounds, *found.certain, *found.handovers(perspective.key, derived)}
    view = (t for t in {*stated, *derived, *told, *found.relations} if t.subject != t.object)
    return _Closed(
        len(stated),
        len(derived),
        {
            perspective.derived: derived,
            perspective.bounds: (*told, *found.in_owl_time(perspective.key)),
            perspective.view: view,
        },
        tuple(_told(sources, (), message) for message in sorted(messages)),
        {},
    )


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


@contextmanager
def _partial(out: Path) -> Iterator[Path]:
    """Yield a folder to build in, beside the builds that are there; drop it if it is left there.

    Raises: CannotWrite, for what the system says against writing.
    """
    partial = out / f".partial-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        partial.mkdir()
        yield partial
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"cannot write the build: {why}", Place(out)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _publish(out: Path, partial: Path, name: str) -> None:
    """Make a build that is complete the current one, and drop all but it and the one before."""
    if not _is_complete(out / name):  # else another build was faster, with the same result
        shutil.rmtree(out / name, ignore_errors=True)
        partial.rename(out / name)
    last = point(out, name)
    for folder in out.iterdir():
        if _NAME.fullmatch(folder.name) and folder.name not in {name, last}:
            shutil.rmtree(folder, ignore_errors=True)


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
    digest = sha256("\n".join([engine, paths.BASE, *libraries]).encode())
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


def _written(report: Report, seeds: Path, engine: Engine) -> str:
    """Return what is kept of a report: nothing that differs by machine or hour."""
    kept = {
        "base": paths.BASE,
        "engine": engine,
        "libraries": {name: version(name) for name in ("cassibile", *_LIBRARIES)},
        "texts": report.texts,
        "findings": [finding.as_json(seeds) for finding in report.findings],
        "quads": report.quads,
    }
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"


def _read_report(folder: Path, seeds: Path) -> Report:
    kept = json.loads(formats.read_text(folder / REPORT))
    findings = (Finding.of_json(each, seeds) for each in kept["findings"])
    return Report(folder, tuple(kept["texts"]), tuple(findings), kept["quads"], 0.0, changed=False)
