"""Pages as a browser without JavaScript reads and uses them."""

from html.parser import HTMLParser

from tests.client import Answer, Api
from tests.conftest import PUBLIC_URL


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
