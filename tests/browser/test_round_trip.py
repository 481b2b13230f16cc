"""From a number in the text to its claim, to a thing, to a proof, to the number again: over HTTP."""

from functools import cache
from typing import Any
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient
from lxml import html

from kg import paths
from kg.load import read_source

pytestmark = pytest.mark.slow
TEXT = "/text/italy-1943.html"
CLAIMS = [claim for claim in read_source(paths.SEEDS / "italy-1943")[0].claims if claim.asserted]
THING = './/main//a[starts-with(@href, "/id/")]/@href'


@pytest.fixture(scope="module")
def get(client: FlaskClient) -> Any:
    @cache
    def get(address: str) -> Any:
        answer = client.get(address.partition("#")[0], headers={"Accept": "text/html"})
        assert answer.status_code == 200, address
        return html.fromstring(answer.data)

    return get


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.name for claim in CLAIMS])
def test_a_number_leads_round_to_itself(get: Any, claim: Any) -> None:
    number = f'.//a[@id="{claim.name}"]/@href'
    (there,) = get(TEXT).xpath(number)
    page = get(there)
    passages = [
        passage
        for thing in dict.fromkeys(page.xpath(THING))
        for passage in get(thing).xpath(f'.//main//li[@data-c="{claim.name}"]')
    ]
    proofs = dict.fromkeys(
        why for passage in passages for why in passage.xpath('.//a[@class="why"]/@href')
    )

    assert f"{TEXT}#{claim.name}" in page.xpath(".//main//a/@href")
    assert proofs
    for proof in list(proofs)[:1]:
        leaf = get(proof).xpath('.//main//*[contains(@class, "step")]//a/@href')
        assert f"{TEXT}#{claim.name}" in [urljoin(proof, each) for each in leaf]


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.name for claim in CLAIMS])
def test_the_words_of_a_claim_stand_wherever_it_is_told(get: Any, claim: Any) -> None:
    page = get(f"/text/italy-1943/claim/{claim.name}.html")
    (card,) = page.xpath('.//*[@id="card"]')

    for quote in claim.quotes:
        assert quote.exact in card.text_content()
    assert len(card.xpath('.//*[contains(@class, "says")]/li')) >= 1
