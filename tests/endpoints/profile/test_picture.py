"""The profile picture: uploaded by form, made anew, served from /media/."""

import io
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from PIL import Image

from authsvc.core import pictures
from tests.client import Answer, Api, Tokens
from tests.endpoints.kit import (
    PROFILE,
    TIME,
    Like,
    add_employee,
    profile,
    service_of,
    sign_in_employee,
    unchanged,
)

URL = Like(r"http://auth\.test/media/[0-9a-f]{64}\.webp")
DAMAGED = "The picture is damaged."
NO_PICTURE = "Upload a PNG, JPEG or WebP picture."
CANARY = b"canary-7d1f"


def drawn(kind: str, size: tuple[int, int] = (8, 6), mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode != "P" else 1).save(out, kind, **more)
    return out.getvalue()


def form(content: bytes, mime: str | None = "image/png", name: str = "profile_picture", **texts: str) -> dict[str, Any]:
    """A multipart body as some clients write it: perhaps without the part's content type."""
    parts = [f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in texts.items()]
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="../../me.png"\r\n'
    head += f"Content-Type: {mime}\r\n" if mime else ""
    parts.append(head.encode() + b"\r\n" + content + b"\r\n")
    return {"data": b"".join(parts) + b"--b--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}


@pytest.fixture
async def ada(api: Api) -> Tokens:
    await api.register(email="ada@example.com")
    return await api.sign_in("ada@example.com")


async def upload(api: Api, tokens: Tokens, content: bytes, method: str = "PATCH", **more: Any) -> Answer:
    sent = form(content, **more)
    headers = {**sent["headers"], **tokens.bearer}
    return await api.request(method, PROFILE, data=io.BytesIO(sent["data"]), headers=headers)


async def served(api: Api, url: str) -> bytes:
    async with api.client.get(url.removeprefix("http://auth.test")) as response:
        assert response.status == 200
        return await response.read()


async def stored(api: Api, tokens: Tokens, content: bytes) -> Image.Image:
    answer = await upload(api, tokens, content)
    assert answer.status == 200, answer.text
    return Image.open(io.BytesIO(await served(api, answer.json["profile_picture"])))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_the_three_formats(api: Api, ada: Tokens, method: str, kind: str) -> None:
    answer = await upload(api, ada, drawn(kind), method)
    assert (answer.status, answer.json) == (200, profile(last_login=TIME, profile_picture=URL))
    with Image.open(io.BytesIO(await served(api, answer.json["profile_picture"]))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (8, 6))


async def test_the_content_decides_and_not_what_the_part_says(api: Api, ada: Tokens) -> None:
    for mime in [None, "text/plain", "application/octet-stream", "image/svg+xml"]:
        answer = await upload(api, ada, drawn("JPEG"), mime=mime)
        assert (answer.status, answer.json["profile_picture"]) == (200, URL)


async def test_other_fields_travel_along(api: Api, ada: Tokens) -> None:
    answer = await upload(api, ada, drawn("PNG"), first_name="Ada", suffix="")
    expected = profile(last_login=TIME, first_name="Ada", full_name="Ada", profile_picture=URL)
    assert (answer.status, answer.json) == (200, expected)


async def test_an_employee_has_one_too(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    assert (await upload(api, await sign_in_employee(api), drawn("PNG"))).json["profile_picture"] == URL


async def test_every_mode_of_png(api: Api, ada: Tokens) -> None:
    for mode in ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"]:
        out = io.BytesIO()
        Image.new(mode, (8, 6)).save(out, "PNG")
        assert (await stored(api, ada, out.getvalue())).size == (8, 6)


async def test_a_cmyk_jpeg(api: Api, ada: Tokens) -> None:
    assert (await stored(api, ada, drawn("JPEG", mode="CMYK"))).mode == "RGB"


async def test_1024_pixels_are_not_too_many(api: Api, ada: Tokens) -> None:
    assert (await stored(api, ada, drawn("PNG", (1024, 1024)))).size == (1024, 1024)


# --- removing, putting back


@pytest.mark.parametrize("how", [{"json": {"profile_picture": None}}, {"data": {"profile_picture": ""}}], ids=repr)
async def test_null_removes_it(api: Api, ada: Tokens, how: dict) -> None:
    await upload(api, ada, drawn("PNG"))
    answer = await api.request("PATCH", PROFILE, headers=ada.bearer, **how)
    assert (answer.status, answer.json) == (200, profile(last_login=TIME))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("how", ["json", "data"])
async def test_its_url_put_back_changes_nothing(
    api: Api, ada: Tokens, db: asyncpg.Connection, method: str, how: str
) -> None:
    url = (await upload(api, ada, drawn("PNG"))).json["profile_picture"]
    async with unchanged(db):
        for text in (url, "https://evil.example/x.png"):
            answer = await api.request(method, PROFILE, headers=ada.bearer, **{how: {"profile_picture": text}})
            assert (answer.status, answer.json["profile_picture"]) == (200, url)


async def test_leaving_it_out_keeps_it(api: Api, ada: Tokens) -> None:
    url = (await upload(api, ada, drawn("PNG"))).json["profile_picture"]
    answer = await api.put(PROFILE, {"first_name": "Ada"}, headers=ada.bearer)
    assert answer.json["profile_picture"] == url


# --- refused


def truncated() -> bytes:
    whole = drawn("JPEG", (200, 200))
    return whole[: len(whole) // 2]


def lying_png() -> bytes:
    """A small file that says 50,000 x 50,000."""
    png = bytearray(drawn("PNG"))
    png[16:24] = (50_000).to_bytes(4, "big") * 2
    return bytes(png)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "too wide": (lambda: drawn("PNG", (1025, 1)), "The picture must be at most 1024 x 1024 pixels."),
    "too high": (lambda: drawn("JPEG", (1, 1025)), "The picture must be at most 1024 x 1024 pixels."),
    "too large": (lambda: drawn("PNG") + bytes(2 * 1024 * 1024), "The picture must be at most 2 MB."),
    "a text": (lambda: b"GIF89a is what I say", NO_PICTURE),
    "empty": (lambda: b"", NO_PICTURE),
    "gif": (lambda: drawn("GIF"), NO_PICTURE),
    "bmp": (lambda: drawn("BMP"), NO_PICTURE),
    "tiff": (lambda: drawn("TIFF"), NO_PICTURE),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', NO_PICTURE),
    "truncated": (truncated, DAMAGED),
    "only a png's first bytes": (lambda: drawn("PNG")[:20], DAMAGED),
}


async def test_a_picture_that_may_not_be_used(api: Api, ada: Tokens, db: asyncpg.Connection) -> None:
    for make, sentence in REFUSED.values():
        async with unchanged(db):
            answer = await upload(api, ada, make(), first_name="Ada")
        assert (answer.status, answer.json) == (400, {"profile_picture": [sentence]})


async def test_pillows_own_words_are_not_shown(api: Api, ada: Tokens) -> None:
    for chunk in ["tRNS", "pHYs", "gAMA", "acTL"]:
        png, name = drawn("PNG"), chunk.encode()
        empty = bytes(4) + name + zlib.crc32(name).to_bytes(4, "big")
        answer = await upload(api, ada, png[:33] + empty + png[33:])
        assert (answer.status, answer.json) == (400, {"profile_picture": [DAMAGED]})


async def test_a_decompression_bomb(api: Api, ada: Tokens) -> None:
    answer = await upload(api, ada, lying_png())
    assert answer.status == 400
    assert list(answer.json) == ["profile_picture"]


async def test_what_is_no_file_is_refused(api: Api, ada: Tokens) -> None:
    for wrong in ["x", "/media/x.webp", 7, True, [], {}, "data:image/png;base64,AAAA"]:
        answer = await api.patch(PROFILE, {"profile_picture": wrong}, headers=ada.bearer)
        assert (answer.status, answer.json) == (400, {"profile_picture": ["The submitted data was not a file."]})


async def test_a_file_where_text_belongs_is_refused(api: Api, ada: Tokens) -> None:
    answer = await upload(api, ada, b"Ada", name="first_name")
    assert (answer.status, answer.json) == (400, {"first_name": ["Not a valid string."]})


async def test_a_form_of_more_than_4_mib_is_refused(api: Api, ada: Tokens) -> None:
    answer = await upload(api, ada, bytes(4 * 1024 * 1024 + 1))
    detail = "The request is too large."
    assert (answer.status, answer.json) == (413, {"detail": detail, "code": "payload_too_large"})


async def test_two_fields_of_one_name_are_refused(api: Api, ada: Tokens) -> None:
    answer = await upload(api, ada, drawn("PNG"), profile_picture="")
    detail = "The form could not be read."
    assert (answer.status, answer.json) == (400, {"detail": detail, "code": "malformed"})


# --- nothing but pixels


async def test_only_the_first_picture_of_an_animation_is_kept(api: Api, ada: Tokens) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "green", "blue")]
    for kind in ("WEBP", "PNG"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=50)
        picture = await stored(api, ada, out.getvalue())
        assert getattr(picture, "n_frames", 1) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_exif_is_stripped(api: Api, ada: Tokens, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    upload_ = drawn(kind, exif=exif)
    assert CANARY in upload_
    assert CANARY not in await served(api, (await upload(api, ada, upload_)).json["profile_picture"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_colour_profile_is_stripped(api: Api, ada: Tokens, kind: str) -> None:
    upload_ = drawn(kind, icc_profile=CANARY * 20)
    assert CANARY not in await served(api, (await upload(api, ada, upload_)).json["profile_picture"])


async def test_what_hangs_behind_a_picture_is_stripped(api: Api, ada: Tokens) -> None:
    url = (await upload(api, ada, drawn("PNG") + CANARY)).json["profile_picture"]
    assert CANARY not in await served(api, url)


async def test_a_photo_taken_sideways_is_turned(api: Api, ada: Tokens) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert (await stored(api, ada, drawn("JPEG", (40, 20), exif=exif))).size == (20, 40)


def test_two_uploads_at_once_leave_the_filters_of_warnings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    filters = warnings.filters
    entered, leave = threading.Barrier(2), threading.Event()
    encode = pictures._encode

    def slow(picture: Image.Image) -> bytes:
        entered.wait(5)
        if threading.current_thread().name == "second":
            leave.wait(5)
        return encode(picture)

    monkeypatch.setattr(pictures, "_encode", slow)
    png = drawn("PNG")
    first, second = (threading.Thread(target=pictures.webp, args=(png,), name=name) for name in ("first", "second"))
    with monkeypatch.context() as patch:
        patch.setattr(warnings, "filters", filters)
        first.start()
        second.start()
        first.join(5)
        leave.set()
        second.join(5)
        assert warnings.filters is filters


# --- /media/


async def test_a_picture_is_public_and_immutable(api: Api, ada: Tokens) -> None:
    url = (await upload(api, ada, drawn("PNG"))).json["profile_picture"]
    answer = await api.get(url.removeprefix("http://auth.test"))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


async def test_a_picture_is_named_by_its_sha256(api: Api, ada: Tokens) -> None:
    import hashlib

    url = (await upload(api, ada, drawn("PNG"))).json["profile_picture"]
    assert hashlib.sha256(await served(api, url)).hexdigest() == url[-69:-5]


async def test_one_picture_of_two_people_is_one_file(api: Api, ada: Tokens) -> None:
    urls = {
        (await upload(api, who, drawn("PNG", (5, 5)))).json["profile_picture"] for who in (ada, await api.sign_in())
    }
    assert len(urls) == 1


async def test_the_public_url_and_never_the_host_names_it(api: Api, ada: Tokens) -> None:
    await upload(api, ada, drawn("PNG"))
    answer = await api.get(PROFILE, headers={**ada.bearer, "Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert answer.json["profile_picture"] == URL


NOT_THERE = ["0" * 64 + ".webp", "0" * 63 + ".webp", "0" * 64, "..%2Fsecret", "%2e%2e/secret", ""]


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    for name in NOT_THERE:
        import yarl

        answer = await api.get(yarl.URL(f"/media/{name}", encoded=True), headers={"Accept": "application/json"})
        assert (answer.status, answer.json) == (404, {"detail": "Not found.", "code": "not_found"})


async def test_a_refused_edit_keeps_no_picture(api: Api, ada: Tokens) -> None:
    folder: Path = service_of(api).settings.data_dir / "media"
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    answer = await upload(api, ada, drawn("PNG", (31, 17)), department="None Such")
    assert (answer.status, list(answer.json)) == (400, ["department"])
    assert set(folder.iterdir()) == before
