"""A picture → at most 400 × 400 pixels of it, drawn anew, as Base64 text. Runs in the sandbox.

What has see-through parts becomes a PNG, all else a JPEG. Nothing but the pixels of the first frame comes along: no
place or time of the camera, no comment, no colour profile.
"""

from __future__ import annotations

import warnings
from base64 import b64encode
from io import BytesIO, StringIO
from typing import Any, TextIO

from PIL import Image, ImageOps, MpoImagePlugin, TiffImagePlugin

from exchange.csvtext import Unreadable

SIDE = 400  # pixels
MAX_PIXELS = 16_000_000
KINDS = ("JPEG", "PNG", "WEBP", "GIF")
_LOADED = (MpoImagePlugin, TiffImagePlugin)  # for JPEG files of several pictures, and for EXIF


def convert(data: bytes, request: dict[str, Any], out: TextIO) -> dict[str, Any]:
    """Write the small picture. `request`: kind (JPEG, PNG, WEBP, GIF). Tells its media type. Raises Unreadable."""
    warnings.simplefilter("ignore")  # nobody reads them here; what is wrong raises
    try:
        with Image.open(BytesIO(data), formats=[request["kind"]]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Unreadable("too-much-inside")
            picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG can be decoded at a fraction of its size
            ImageOps.exif_transpose(picture, in_place=True)
            drawn = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (Unreadable, MemoryError):
        raise
    except Exception:  # decoders of damaged files raise whatever they like
        raise Unreadable("broken") from None
    drawn.thumbnail((SIDE, SIDE))
    drawn.info.clear()
    small = BytesIO()
    if drawn.mode == "RGBA":
        drawn.save(small, "PNG", optimize=True)
    else:
        drawn.save(small, "JPEG", quality=85)
    out.write(b64encode(small.getvalue()).decode())
    return {"media_type": "image/png" if drawn.mode == "RGBA" else "image/jpeg"}


def _warm_up() -> None:
    """Load what Pillow loads late: in the sandbox no file can be opened any more."""
    for kind in KINDS:
        for mode in ("P", "RGB"):
            sample = BytesIO()
            Image.new("RGB", (2, 2)).convert(mode if kind in ("PNG", "GIF") else "RGB").save(sample, kind)
            convert(sample.getvalue(), {"kind": kind}, StringIO())
    Image.new("RGBA", (2, 2)).save(BytesIO(), "PNG")


_warm_up()
