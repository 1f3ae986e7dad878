"""What a smaller version has to look like, by Pillow and Little CMS; and how alike two pictures are."""

import io

from PIL import Image, ImageChops, ImageCms, ImageMath, ImageOps, ImageStat

SRGB = ImageCms.createProfile("sRGB")


def expected(data: bytes, size: tuple[int, int]) -> Image.Image:
    """The first frame, upright, shrunk by Lanczos' filter, in sRGB; RGBA where it is transparent."""
    with Image.open(io.BytesIO(data)) as picture:
        profile = picture.info.get("icc_profile")
        # No browser turns a WebP.
        upright = picture if picture.format == "WEBP" else ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I"):
            upright = ImageMath.lambda_eval(lambda a: a["convert"](a["x"] / 256, "L"), x=upright.convert("I"), convert=lambda x, mode: x)
        if upright.mode in ("P", "1") or "transparency" in upright.info:
            transparent = "transparency" in upright.info
            upright = upright.convert(("LA" if upright.mode in ("L", "1") else "RGBA") if transparent else "L" if upright.mode == "1" else "RGB")
        shrunk = upright.resize(size, Image.Resampling.LANCZOS)
    alpha = shrunk.getchannel("A") if shrunk.mode in ("LA", "RGBA") else None
    shrunk = {"LA": lambda: shrunk.getchannel("L"), "RGBA": lambda: shrunk.convert("RGB")}.get(shrunk.mode, lambda: shrunk)()
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shrunk = ImageCms.profileToProfile(shrunk, source, SRGB, outputMode="RGB")
    elif shrunk.mode == "CMYK":
        shrunk = through_ink(shrunk)
    shrunk = shrunk.convert("RGB")
    if alpha:
        shrunk.putalpha(alpha)
    return shrunk


def through_ink(cmyk: Image.Image) -> Image.Image:
    """Light that goes through coloured ink and black, one after the other."""
    *colours, black = map(ImageChops.invert, cmyk.split())
    return Image.merge("RGB", [ImageChops.multiply(colour, black) for colour in colours])


def on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def likeness(one: Image.Image, other: Image.Image) -> float:
    """SSIM (Wang et al., 2004) of the luminance, over blocks of 8 x 8: 1 where both are the same."""
    a, b = (on_white(picture).convert("L").convert("F") for picture in (one, other))

    def mean(picture: Image.Image) -> Image.Image:
        return picture.reduce(8)

    def product(x: Image.Image, y: Image.Image) -> Image.Image:
        return ImageMath.lambda_eval(lambda of: of["x"] * of["y"], x=x, y=y)

    whole = ImageMath.lambda_eval(
        lambda of: (2 * of["a"] * of["b"] + 6.5025) * (2 * (of["ab"] - of["a"] * of["b"]) + 58.5225)
        / ((of["a"] * of["a"] + of["b"] * of["b"] + 6.5025)
           * (of["aa"] - of["a"] * of["a"] + of["bb"] - of["b"] * of["b"] + 58.5225)),
        a=mean(a), b=mean(b), aa=mean(product(a, a)), bb=mean(product(b, b)), ab=mean(product(a, b)),
    )
    return whole.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))


def difference(one: Image.Image, other: Image.Image) -> float:
    """How many of 255 steps the channel that differs most is off, on the average of all pixels."""
    return max(ImageStat.Stat(ImageChops.difference(on_white(one), on_white(other))).mean)
