"""What others than the board see in a picture: exiftool its metadata, Pillow its pixels."""

import io
import json
import random
import subprocess
from pathlib import Path

from PIL import Image, ImageCms, ImageSequence
from PIL.ExifTags import Base

from make import STORED_AS

# exiftool's groups that describe the container and the pixels.
STRUCTURE = {"ExifTool", "System", "File", "JFIF", "PNG", "PNG-pHYs", "GIF", "RIFF", "APP14", "Composite", "Adobe"}
# What exiftool finds in the header of a profile, and the tags by which colour is computed.
ICC_HEADER = {
    "ProfileCMMType", "ProfileVersion", "ProfileClass", "ColorSpaceData", "ProfileConnectionSpace", "ProfileDateTime",
    "ProfileFileSignature", "PrimaryPlatform", "CMMFlags", "DeviceManufacturer", "DeviceModel", "DeviceAttributes",
    "RenderingIntent", "ConnectionSpaceIlluminant", "ProfileCreator", "ProfileID",
}
ICC_COLOUR = {
    "MediaWhitePoint", "ChromaticAdaptation", "RedMatrixColumn", "GreenMatrixColumn", "BlueMatrixColumn", "RedTRC", "GreenTRC",
    "BlueTRC", "GrayTRC", "AToB0", "AToB1", "AToB2", "BToA0", "BToA1", "BToA2",
}
ICC_TEXTS = {"ProfileDescription": "Colour profile", "ProfileCopyright": "Not stated"}
# Of the container's groups, what only metadata can have brought there.
METADATA = {"Comment", "ThumbnailTIFF", "ThumbnailImage", "ModifyDate", "Text", "Warning", "Error", "CurrentIPTCDigest", "Title"}


def tags(folder: Path) -> dict[str, dict[str, object]]:
    """Every tag of every file in the folder, as `group:tag`, duplicates and unknown ones too."""
    command = ["exiftool", "-json", "-G1:4", "-a", "-u", "-U", "-s", "-ee", "-api", "largefilesupport=1", str(folder)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return {Path(each["SourceFile"]).name: each for each in found}


def forbidden(found: dict[str, object]) -> list[str]:
    """The tags that should have gone: all but the container's own, a profile's colours, and one orientation."""
    left, orientations = [], 0
    for key, value in found.items():
        group, _, tag = key.partition(":")
        if key == "SourceFile":
            continue
        tag = tag.rpartition(":")[2]
        if group.startswith("ICC"):
            if tag not in ICC_HEADER | ICC_COLOUR and ICC_TEXTS.get(tag) != value:
                left.append(key)
        elif group == "IFD0" and tag == "Orientation":
            orientations += 1
        elif group not in STRUCTURE or tag in METADATA:
            left.append(key)
    return left if orientations <= 1 else [*left, "several orientations"]


def is_turned(found: dict[str, object]) -> bool:
    return any(key.endswith(":Orientation") for key in found)


def displayed(data: bytes, orientation: int) -> list[tuple]:
    """Every frame as it is displayed, in the mode of the file, with its duration and the animation's end."""
    frames = []
    with Image.open(io.BytesIO(data)) as picture:
        loop = picture.info.get("loop")
        for frame in ImageSequence.Iterator(picture):
            turned = frame.copy()
            if orientation in STORED_AS:
                turned = turned.transpose(UNDONE[orientation])
            frames.append((turned.mode, turned.size, frame.info.get("duration"), loop, hash(turned.tobytes()), hash(turned.convert("RGBA").tobytes())))
    return frames


UNDONE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}


def orientation(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.getexif().get(Base.Orientation, 1)


def colours(profile: bytes) -> bytes:
    """What Little CMS makes of a range of colours that this profile describes, by each intent."""
    mode = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}[profile[16:20]]
    ramp = Image.frombytes(mode, (4096, 1), bytes(random.Random(1).randbytes(4096 * len(Image.new(mode, (1, 1)).getbands()))))
    source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    return b"".join(
        ImageCms.profileToProfile(ramp, source, target, renderingIntent=intent, outputMode="RGB").tobytes() for intent in ImageCms.Intent
    )


def profile(data: bytes) -> bytes | None:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.info.get("icc_profile")
