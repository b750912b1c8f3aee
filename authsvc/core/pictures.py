"""Profile pictures: sniffed, bounded, decoded and written anew, so that nothing of the upload survives but pixels."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 2 * 1024 * 1024
MAX_SIDE = 1024
_FORMATS = ("PNG", "JPEG", "WEBP")

# Pillow warns of decompression bombs, which are refused, and of broken metadata, which goes anyway. For the whole
# process and once: what sets filters for a while sets them for every thread, and two at once leave the wrong ones.
warnings.simplefilter("error", Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def webp(upload: bytes) -> bytes:
    """The picture as WebP, without metadata. ValueError with the sentence for the user when it may not be used.

    Takes up to 100 ms: call it beside the event loop.
    """
    if len(upload) > MAX_BYTES:
        raise ValueError("The picture must be at most 2 MB.")
    try:
        with Image.open(io.BytesIO(upload), formats=_FORMATS) as picture:
            # The size is known from the header, before anything is unpacked.
            made = _encode(picture) if max(picture.size) <= MAX_SIDE else None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        made = None
    except UnidentifiedImageError as err:
        raise ValueError("Upload a PNG, JPEG or WebP picture.") from err
    except Exception as err:  # the decoders fail in every way there is, and their words are not for users
        raise ValueError("The picture is damaged.") from err
    if made is None:
        raise ValueError(f"The picture must be at most {MAX_SIDE} x {MAX_SIDE} pixels.")
    return made


def _encode(picture: Image.Image) -> bytes:
    kept = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    out = io.BytesIO()
    _turned(kept).save(out, "WEBP", quality=85, method=4, icc_profile=b"")
    return out.getvalue()


def _turned(picture: Image.Image) -> Image.Image:
    """Upright: cameras write how they were held beside the pixels. As it is when that cannot be read."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # metadata is broken in every way there is, and the pixels are good all the same
        return picture
