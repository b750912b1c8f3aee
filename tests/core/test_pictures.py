"""Pictures: only pixels survive, and whatever is sent, the answer is a picture or a sentence for people."""

import importlib
import io
import random
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, PngImagePlugin

from authsvc.core import pictures

SENTENCES = {
    "The picture must be at most 2 MB.",
    "The picture must be at most 1024 x 1024 pixels.",
    "Upload a PNG, JPEG or WebP picture.",
    "The picture is damaged.",
}
CANARY = b"canary-91c2"


def drawn(kind: str = "PNG", size: tuple[int, int] = (16, 8), mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **more)
    return out.getvalue()


def remade(upload: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(pictures.webp(upload)))
    found.load()
    return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (16, 8), (1024, 1024), (1024, 1)])
def test_becomes_webp_of_the_same_size(kind: str, size: tuple[int, int]) -> None:
    found = remade(drawn(kind, size))
    assert (found.format, found.size) == ("WEBP", size)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_modes_of_png(mode: str) -> None:
    found = remade(drawn(mode=mode))
    assert found.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


def test_transparency_is_kept() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(out, "PNG")
    assert remade(out.getvalue()).getpixel((1, 1))[3] == 0


def test_nothing_but_pixels() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", CANARY.decode())
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    for upload in (
        drawn(pnginfo=notes),
        drawn("JPEG", exif=exif, comment=CANARY),
        drawn("WEBP", exif=exif, xmp=CANARY),
        drawn() + CANARY,
    ):
        assert CANARY in upload
        made = pictures.webp(upload)
        assert CANARY not in made
        assert b"EXIF" not in made


@pytest.mark.parametrize("orientation, size", [(1, (16, 8)), (3, (16, 8)), (6, (8, 16)), (8, (8, 16)), (99, (16, 8))])
def test_held_sideways_is_shown_upright(orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert remade(drawn("JPEG", exif=exif)).size == size


def sized_png(width: int, height: int) -> bytes:
    """A small file whose header lies about its size."""
    png = bytearray(drawn())
    png[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    return bytes(png)


@pytest.mark.parametrize(
    "upload, sentence",
    [
        (b"", "Upload a PNG, JPEG or WebP picture."),
        (b"GIF89a", "Upload a PNG, JPEG or WebP picture."),
        (drawn("GIF"), "Upload a PNG, JPEG or WebP picture."),
        (drawn("TIFF"), "Upload a PNG, JPEG or WebP picture."),
        (drawn("ICO"), "Upload a PNG, JPEG or WebP picture."),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n(x) print", "Upload a PNG, JPEG or WebP picture."),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "Upload a PNG, JPEG or WebP picture."),
        (drawn(size=(1025, 1)), "The picture must be at most 1024 x 1024 pixels."),
        (drawn("WEBP", size=(1, 1025)), "The picture must be at most 1024 x 1024 pixels."),
        (drawn() + bytes(2 * 1024 * 1024), "The picture must be at most 2 MB."),
        (drawn(size=(64, 64))[:-30], "The picture is damaged."),
        (drawn("JPEG", size=(64, 64))[:300], "The picture is damaged."),
    ],
)
def test_what_may_not_be_used(upload: bytes, sentence: str) -> None:
    with pytest.raises(ValueError) as found:  # noqa: PT011 - compared whole
        pictures.webp(upload)
    assert str(found.value) == sentence


@pytest.mark.parametrize("side", [1025, 10_000, 50_000, 2**31 - 1])
def test_bombs_are_not_unpacked(side: int) -> None:
    with pytest.raises(ValueError, match=r"^The picture must be at most 1024 x 1024 pixels\.$"):
        pictures.webp(sized_png(side, side))


BROKEN_EXIF = {
    "nothing": b"",
    "noise": b"x" * 40,
    "a directory outside": b"II*\0\xff\xff\xff\xff",
    "a directory cut off": b"II*\0\x08\0\0\0\xff\xff\x12\x01",
    "no directory": b"MM\0*\0\0\0\x08\0",
}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("broken", BROKEN_EXIF)
def test_broken_exif_leaves_the_picture_as_it_is(kind: str, broken: str) -> None:
    upload = drawn(kind, exif=b"Exif\0\0" + BROKEN_EXIF[broken])
    with warnings.catch_warnings():
        warnings.resetwarnings()  # pytest's own are stricter than those of the service
        made = importlib.reload(pictures).webp(upload)
    assert Image.open(io.BytesIO(made)).size == (16, 8)


def spoilt(upload: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(upload)
    for _ in range(chance.randint(1, 8)):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt[: chance.randint(1, len(spoilt))] if chance.random() < 0.2 else spoilt)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_spoilt_files_give_a_picture_or_a_sentence(kind: str, mode: str) -> None:
    chance = random.Random(f"{kind}{mode}")
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = drawn(kind, mode=mode, exif=exif)
    said = set()
    for _ in range(400):
        try:
            assert pictures.webp(spoilt(upload, chance))[:4] == b"RIFF"
        except ValueError as err:
            said.add(str(err))
    assert said <= SENTENCES


def test_pillows_own_words_stay_inside() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("k", "x" * 5_000_000, zip=True)  # unpacks to more than Pillow allows
    with pytest.raises(ValueError, match=r"^The picture is damaged\.$"):
        pictures.webp(drawn(pnginfo=notes))


def test_many_at_once_leave_no_trace_in_the_process() -> None:
    before = list(warnings.filters)
    uploads = [drawn(), drawn("JPEG"), b"x", drawn(size=(64, 64))[:-30]] * 10

    def attempt(upload: bytes) -> bool:
        try:
            return bool(pictures.webp(upload))
        except ValueError:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, uploads)) == 20
    assert list(warnings.filters) == before
