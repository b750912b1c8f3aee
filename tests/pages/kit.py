"""Pages as a browser without JavaScript reads and uses them."""

from html.parser import HTMLParser

from tests.client import PASSWORD, Answer, Api
from tests.conftest import PUBLIC_URL
from tests.endpoints.kit import all_cookies

STAFF, EMPLOYEES = "/staff/login/", "/login/"
ADA, EMIL = "ada@example.com", "emil@example.com"
GOOD = {"email": ADA, "password": PASSWORD}


class Page(HTMLParser):
    """A page as a browser reads it: its one form, what labels and tags it has, its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def form(self) -> dict[str, str | None]:
        [form] = self.all("form")
        return form

    @property
    def fields(self) -> dict[str, str]:
        return {str(field["name"]): field.get("value") or "" for field in self.all("input")}


def origin_after(page: Answer) -> str:
    """What a browser says of a form's origin (Fetch, "append a request Origin header")."""
    return "null" if page.headers["Referrer-Policy"] == "no-referrer" else PUBLIC_URL


async def submit(api: Api, page: Answer, filled: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
    """Press the form's button after typing into its fields."""
    form = Page(page.text)
    assert form.form["method"] == "post"
    assert filled.keys() <= form.fields.keys()
    return await api.post(str(form.form["action"]), data={**form.fields, **filled}, headers=headers or {})


async def opened(api: Api, path: str = STAFF) -> Answer:
    page = await api.get(path)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return page


async def entered(api: Api, page: Answer, *, cookies: dict[str, str] | None = None, **filled: str) -> Answer:
    """Fill the form in and press its button, as browsers send a checkbox that is not ticked: not at all."""
    form = Page(page.text)
    boxes = {str(box["name"]) for box in form.all("input") if box.get("type") == "checkbox" and "checked" not in box}
    fields = {name: value for name, value in form.fields.items() if name not in boxes}
    assert filled.keys() <= form.fields.keys()
    return await api.post(str(form.form["action"]), data={**fields, **filled}, headers=cookies)


def jar(answer: Answer) -> dict[str, str]:
    """The cookies that a browser sends from now on."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, (value, _) in all_cookies(answer).items() if value)}


async def ada(api: Api) -> int:
    return int((await api.register(email=ADA))["id"])


async def fail(api: Api, times: int) -> Answer:
    page = await opened(api)
    for _ in range(times):
        page = await entered(api, page, **GOOD | {"password": "wrong horse battery"})
    return page
