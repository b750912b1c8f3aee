"""GET /api/docs/: everything that the OpenAPI document says, as a page that needs nothing but its style sheet."""

import asyncio
import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from authsvc import openapi
from authsvc.pages import docs
from authsvc.pages.api_document import WHO, limits
from authsvc.pages.render import with_code
from authsvc.routing import Access
from tests.client import Api
from tests.endpoints.kit import Like

DOCS = "/api/docs/"
STYLE = "/static/docs.css"
EMPTY_TAGS = {"meta", "link"}
Attributes = dict[str, str | None]


class Page(HTMLParser):
    """A page as a browser reads it: tags that are balanced, and the text of each article."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Attributes]] = []
        self.open: list[tuple[str, Attributes]] = []
        self.articles: dict[str, list[str]] = {}
        self.headings: list[tuple[str, str]] = []  # level, text
        self.aliases: list[tuple[str, str]] = []  # id of the article, path
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in EMPTY_TAGS:
            return
        self.open.append((tag, dict(attrs)))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        inside = [tag for tag, _ in self.open]
        if inside and (level := next((tag for tag in inside if re.fullmatch(r"h[1-6]", tag)), None)):
            self.headings[-1] = (level, self.headings[-1][1] + data)
        if "article" in inside and data.strip():
            name = self.open[inside.index("article")][1]["id"] or ""
            self.articles.setdefault(name, []).append(data.strip())
            if any(attrs.get("class") == "aliases" for _, attrs in self.open):
                self.aliases.append((name, data.strip()))

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(m.upper(), path, said) for path, methods in document["paths"].items() for m, said in methods.items()]


def page_of(document: dict[str, Any]) -> Page:
    return Page(docs.made(orjson.dumps(document)).body.decode())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return orjson.loads(openapi.published().body)


@pytest.fixture(scope="module")
def page(document: dict[str, Any]) -> Page:
    return page_of(document)


async def test_it_is_a_page_of_the_document_that_is_served(api: Api) -> None:
    answer = await api.get(DOCS)
    assert answer.status == 200
    assert answer.text.encode() == docs.made(openapi.published().body).body
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", [DOCS, STYLE])
async def test_who_has_it_gets_304(api: Api, path: str) -> None:
    answer = await api.get(path)
    etag = answer.headers["ETag"]
    assert (answer.headers["Cache-Control"], etag) == ("public, max-age=300", Like('"[0-9a-f]{32}"'))
    again = await api.get(path, headers={"If-None-Match": etag})
    assert (again.status, again.text, again.headers["ETag"]) == (304, "", etag)
    assert (await api.get(path, headers={"If-None-Match": '"other"'})).text == answer.text


@pytest.mark.parametrize("path", [DOCS, STYLE])
async def test_head_is_get_without_the_body(api: Api, path: str) -> None:
    full, head = await api.get(path), await api.request("HEAD", path)
    assert (head.status, head.text) == (200, "")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Content-Security-Policy"):
        assert head.headers[name] == full.headers[name]


@pytest.mark.parametrize("path", [DOCS, STYLE])
async def test_any_credential_changes_nothing(api: Api, path: str) -> None:
    stale = await api.get(path, headers={"Authorization": "Bearer stale"})
    assert (stale.status, stale.text) == (200, (await api.get(path)).text)


async def test_what_it_loads_and_leads_to_is_there(api: Api, page: Page) -> None:
    elsewhere = {link for link in page.attributes("href") if not link.startswith("#")}
    assert elsewhere == {STYLE, "/api/schema/"}
    for link in elsewhere:
        assert (await api.get(link)).status == 200
    assert (await api.get(STYLE)).headers["Content-Type"] == "text/css; charset=utf-8"


async def test_it_is_made_once_for_all_who_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, real = [], docs.made
    monkeypatch.setattr(docs, "made", lambda body: made.append(body) or real(body))
    ours, body = docs.Docs(), openapi.published().body
    pages = await asyncio.gather(*(ours.page(body) for _ in range(5)))
    assert len(made) == 1
    assert all(one is pages[0] for one in pages)
    assert await ours.page(body) is pages[0]


def test_every_name_of_every_operation_is_there_once(document: dict[str, Any], page: Page) -> None:
    titles = [text for level, text in page.headings if level == "h3" and re.match(r"[A-Z]+ /", text)]
    first = [f"{method} {path}" for method, path, said in operations(document) if "x-alias-of" not in said]
    assert Counter(titles) == Counter(first)
    by_name = {f"op-{said['operationId']}": (method, path) for method, path, said in operations(document)}
    shown = Counter((by_name[article][0], alias, by_name[article][1]) for article, alias in page.aliases)
    aliases = [(m, path, said["x-alias-of"]) for m, path, said in operations(document) if "x-alias-of" in said]
    assert shown == Counter(aliases)


def test_every_operation_says_all_of_its_own(document: dict[str, Any], page: Page) -> None:
    for method, path, said in operations(document):
        if "x-alias-of" in said:
            continue
        words = page.articles[f"op-{said['operationId']}"]
        text = " ".join(words)
        wanted = [said["x-access"], *(one["name"] for one in said["parameters"]), *forms_of(document, said)]
        wanted += [code for status, code in codes_of(said)]
        assert [word for word in wanted if word not in words] == [], (method, path)
        assert re.sub(r"[\s`]", "", said["summary"]) in re.sub(r"\s", "", text)
        for status in said["responses"]:
            assert status == "default" or re.search(rf"\b{status} [A-Z]", text), (method, path, status)
        if rate := said.get("x-rate-limit"):
            assert f"{rate['calls']} calls in {rate['seconds']} s for each {rate['per']}" in text


def forms_of(document: dict[str, Any], said: dict[str, Any]) -> list[str]:
    """The fields of its body and of its answers."""
    found = []
    for holder in [said.get("requestBody", {}), *said["responses"].values()]:
        refs = re.findall(r'"#/components/schemas/(\w+)"', orjson.dumps(holder).decode())
        found += [field for name in refs for field in document["components"]["schemas"][name].get("properties", {})]
    return found


def codes_of(said: dict[str, Any]) -> list[tuple[str, str]]:
    names = [answer["$ref"].rpartition("/")[2] for answer in said["responses"].values() if "$ref" in answer]
    split = [name.split(".") for name in names if name != "Error"]
    return [(status, code) for status, *codes in split for code in codes if code != "invalid"]


def test_required_fields_and_limits_are_said(page: Page) -> None:
    words = page.articles["op-sessions_obtain"]
    at = words.index("password")
    assert words[at : at + 4] == ["password", "required", "string (password)", "1 to 512 characters"]
    words = page.articles["op-managed_users_index"]
    at = words.index("limit")
    assert words[at : at + 5] == ["limit", "query", "integer", "1 to 500; default", "100"]
    assert {"array of", "Profile"} <= set(words)
    assert "required" not in page.articles["data-Profile"]


def test_limits_in_words() -> None:
    assert limits({"type": "string", "minLength": 1, "maxLength": 5}) == ["1 to 5 characters"]
    assert limits({"minimum": 1, "default": 0}) == ["at least 1", "default `0`"]
    assert limits({"enum": ["a", "", None], "pattern": "^a$"}) == ["matches `^a$`", 'one of `a`, `""`, `null`']
    assert limits({"maxItems": 9, "items": {"maximum": 7}}) == ["at most 9 items", "each at most 7"]
    assert limits({"default": True}) == ["default `true`"]
    assert limits({"type": "string"}) == []


def test_every_word_for_who_may_call_is_explained(page: Page) -> None:
    assert list(WHO) == list(Access)
    for access, sentence in WHO.items():
        assert access.value + re.sub("`", "", sentence) in page.text


def test_ids_are_unique_and_links_inside_lead_somewhere(page: Page) -> None:
    ids = Counter(page.attributes("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    inside = {link[1:] for link in page.attributes("href") if link.startswith("#")}
    assert inside - ids.keys() == set()
    assert {name for name in ids if name.startswith(("data-", "code-", "tag-"))} - inside == set()


def test_every_name_can_be_linked_to(document: dict[str, Any], page: Page) -> None:
    assert {f"op-{said['operationId']}" for _, _, said in operations(document)} <= set(page.attributes("id"))


def test_nothing_is_inline_and_nothing_runs(page: Page) -> None:
    assert {tag for tag, _ in page.tags} & {"script", "style", "iframe", "form", "button", "img"} == set()
    names = {name for _, attrs in page.tags for name in attrs}
    assert [name for name in names if name == "style" or name.startswith("on")] == []


def test_headings_leave_no_level_out(page: Page) -> None:
    levels = [int(level[1]) for level, _ in page.headings]
    assert levels.count(1) == 1
    assert [(a, b) for a, b in itertools.pairwise(levels) if b > a + 1] == []
    assert levels[0] == 1
    assert [tag for tag, _ in page.tags if tag in {"main", "nav"}] == ["nav", "main"]


def test_closed_parts_are_told_apart_by_who_hears_the_page(page: Page) -> None:
    unseen = [attrs for tag, attrs in page.tags if tag == "span" and attrs.get("class") == "unseen"]
    assert len(unseen) == len([a for a in page.articles if a.startswith("op-")])


def test_markup_is_text(document: dict[str, Any]) -> None:
    bad = "<script>alert(1)</script> & `<b onclick=x>`"
    copy = orjson.loads(orjson.dumps(document))
    copy["info"]["description"] = copy["tags"][0]["description"] = bad
    copy["paths"]["/healthz"]["get"]["summary"] = bad
    copy["components"]["schemas"]["Health"]["description"] = bad
    copy["components"]["schemas"]["Health"]["properties"]["status"] = {"type": "<i>", "enum": ["<u>"]}
    found = page_of(copy)
    assert {tag for tag, _ in found.tags} & {"script", "b", "i", "u"} == set()
    assert found.articles["op-meta_alive"][2:4] == ["<script>alert(1)</script> &", "<b onclick=x>"]
    assert {"<i>", "<u>"} <= set(found.articles["data-Health"])


def test_backticks_are_code() -> None:
    assert with_code("a `<b>` c") == "a <code>&lt;b&gt;</code> c"
    assert with_code("one ` alone") == "one ` alone"
    assert with_code("nothing in ``") == "nothing in ``"
