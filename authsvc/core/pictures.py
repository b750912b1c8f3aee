"""Profile pictures: sniffed, bounded, decoded and written anew, so that nothing of the upload survives but pixels."""

import io
import warnings

from PIL import Image, UnidentifiedImageError

MAX_BYTES = 2 * 1024 * 1024
MAX_SIDE = 1024
_FORMATS = ("PNG", "JPEG", "WEBP")


def webp(upload: bytes) -> bytes:
    """The picture as WebP, without metadata. ValueError with the sentence for the user when it may not be used.

    Takes up to 100 ms: call it beside the event loop.
    """
    if len(upload) > MAX_BYTES:
        raise ValueError("The picture must be at most 2 MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of decompression bombs and of broken metadata
            with Image.open(io.BytesIO(upload), formats=_FORMATS) as picture:
                if max(picture.size) > MAX_SIDE:  # known from the header, before anything is unpacked
                    raise ValueError(f"The picture must be at most {MAX_SIDE} x {MAX_SIDE} pixels.")
                return _encode(picture)
    except UnidentifiedImageError as err:
        raise ValueError("Upload a PNG, JPEG or WebP picture.") from err
    except (OSError, SyntaxError, EOFError, MemoryError, Warning, Image.DecompressionBombError) as err:
        raise ValueError("The picture is damaged.") from err


def _encode(picture: Image.Image) -> bytes:
    turned = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    out = io.BytesIO()
    turned.save(out, "WEBP", quality=85, method=4)
    return out.getvalue()
