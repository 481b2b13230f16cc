"""The files of a build: the bytes of `kg export`, whole or in part, with their digest."""

import asyncio
import base64
import gzip
import hashlib
import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kg import exports, open_graph
from kg.store import CURRENT
from server.app import create_app
from server.dumps import Dumps, NotMade, table
from server.settings import Config

NTRIPLES = "/dump/cassibile.nt"


def exported(build: Path, name: str) -> bytes:
    out = io.BytesIO()
    exports.named(name).write(open_graph(build), out)
    return out.getvalue()


@pytest.fixture(scope="module")
def ntriples(build: Path) -> bytes:
    return exported(build, "ntriples")


def test_the_files_are_listed_and_each_form_is_there(client: FlaskClient) -> None:
    listed = client.get("/dump").get_json()

    assert {each["form"] for each in listed} == {export.name for export in exports.exports()}
    assert client.get("/dump/").get_json() == listed
    assert len({each["file"] for each in listed}) == len(listed)


def test_a_file_has_the_bytes_of_the_export_and_tells_their_digest(
    client: FlaskClient, ntriples: bytes
) -> None:
    answer = client.get(NTRIPLES, headers={"Accept-Encoding": "gzip"})
    digest = hashlib.sha256(ntriples)

    assert answer.status_code == 200
    assert answer.data == ntriples
    assert answer.content_type == "application/n-triples"
    assert answer.content_length == len(ntriples)
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
    told = base64.b64encode(digest.digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{told}:"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Last-Modified" in answer.headers


def test_a_packed_file_holds_the_same(client: FlaskClient, ntriples: bytes) -> None:
    answer = client.get(f"{NTRIPLES}.gz")

    assert answer.content_type == "application/gzip"
    assert gzip.decompress(answer.data) == ntriples


def test_a_bundle_is_a_zip(client: FlaskClient, build: Path) -> None:
    name = next(name for name, file in table().items() if file.export.name == "csvw")
    answer = client.get(f"/dump/{name}")

    assert answer.data == exported(build, "csvw")
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
    assert client.get(f"/dump/{name}.gz").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=300000-1000000", slice(300_000, 1_000_001)),
        ("bytes=10-99999999999", slice(10, None)),
    ],
)
def test_a_part_can_be_had(client: FlaskClient, ntriples: bytes, wanted: str, part: slice) -> None:
    answer = client.get(NTRIPLES, headers={"Range": wanted})
    start, stop, _ = part.indices(len(ntriples))

    assert answer.status_code == 206
    assert answer.data == ntriples[part]
    assert answer.content_length == stop - start
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(ntriples)}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=1-2", "bytes=x", "bytes=9-3"])
def test_what_is_no_part_is_answered_with_the_whole(
    client: FlaskClient, ntriples: bytes, wanted: str
) -> None:
    answer = client.get(NTRIPLES, headers={"Range": wanted})

    assert (answer.status_code, answer.data) == (200, ntriples)


def test_a_part_beyond_the_end_is_refused_with_the_size(
    client: FlaskClient, ntriples: bytes
) -> None:
    answer = client.get(NTRIPLES, headers={"Range": f"bytes={len(ntriples)}-"})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(ntriples)}"


def test_a_part_of_another_file_is_not_mixed_into_this_one(
    client: FlaskClient, ntriples: bytes
) -> None:
    head = client.head(NTRIPLES)
    part = {"Range": "bytes=0-9"}

    for validator in (head.headers["ETag"], head.headers["Last-Modified"]):
        answer = client.get(NTRIPLES, headers={**part, "If-Range": validator})
        assert (answer.status_code, answer.data) == (206, ntriples[:10])
    for validator in ('"other"', "Thu, 01 Jan 1970 00:00:00 GMT", f"W/{head.headers['ETag']}"):
        answer = client.get(NTRIPLES, headers={**part, "If-Range": validator})
        assert (answer.status_code, answer.data) == (200, ntriples)


def test_who_has_the_file_is_not_sent_it_again(client: FlaskClient) -> None:
    head = client.head(NTRIPLES)
    etag, modified = head.headers["ETag"], head.headers["Last-Modified"]

    assert head.data == b""
    assert head.content_length
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = client.get(NTRIPLES, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
    assert client.get(NTRIPLES, headers={"If-Modified-Since": modified}).status_code == 304
    both = {"If-None-Match": '"other"', "If-Modified-Since": modified}
    assert client.get(NTRIPLES, headers=both).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["casibile.nt", "../report.json", "..%2freport.json", ".cassibile.nt.sha256", "nt", "%00"],
)
def test_only_what_is_listed_is_there(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/dump/{name}")

    assert answer.status_code == 404
    assert "report" not in answer.text


def test_an_unknown_file_is_told_the_nearest(client: FlaskClient) -> None:
    assert "did you mean cassibile.nt?" in client.get("/dump/casibile.nt").text


def test_files_are_of_a_build_only() -> None:
    Path("mine.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    app = create_app(Config(data=(Path("mine.ttl"),)))
    try:
        answer = app.test_client().get(NTRIPLES)
        told = answer.text
    finally:
        app.extensions["cassibile"].close()

    assert answer.status_code == 404
    assert "only a build of texts is exported" in told


def copy(build: Path, folder: Path) -> Path:
    """Return a build of its own, without files."""
    ignored = shutil.ignore_patterns("dumps")
    shutil.copytree(build, folder, ignore=ignored)
    return folder / (folder / CURRENT).read_text().strip()


def test_a_file_is_made_once_however_many_wait(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = copy(build, tmp_path / "copy")
    started: list[object] = []
    start = asyncio.create_subprocess_exec

    async def counted(*words: Any, **options: Any) -> Any:
        started.append(words)
        return await start(*words, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)

    async def ask() -> list[Any]:
        dumps = Dumps()
        file = table()["cassibile.nt"]
        found = await asyncio.gather(*(dumps.made(one, file) for _ in range(5)))
        return [*found, await Dumps().made(one, file)]

    found = asyncio.run(ask())

    assert len(set(found)) == 1
    assert len(started) == 1
    assert found[0].path == one / "dumps" / "cassibile.nt"
    assert found[0].digest == hashlib.sha256(found[0].path.read_bytes()).digest()


def test_where_the_build_cannot_be_written_to_a_file_lies_elsewhere(
    build: Path, tmp_path: Path, ntriples: bytes
) -> None:
    one = copy(build, tmp_path / "copy")
    (one / "dumps").write_text("no folder")

    async def ask() -> tuple[Path, bytes]:
        dumps = Dumps()
        found = await dumps.made(one, table()["cassibile.nt"])
        return found.path, found.path.read_bytes()

    path, content = asyncio.run(ask())

    assert not path.is_relative_to(one)
    assert content == ntriples


def test_a_failure_is_logged_and_leaves_nothing_behind(
    build: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = copy(build, tmp_path / "copy")
    shutil.rmtree(one / "store")

    with pytest.raises(NotMade):
        asyncio.run(Dumps().made(one, table()["cassibile.nt"]))
    assert "the graph cannot be opened" in caplog.text
    assert list((one / "dumps").iterdir()) == []
