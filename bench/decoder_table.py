"""Write odd image files with the pixels that Pillow gives: core/src/test/resources/decoder-table.gz, which DecoderTable reads.

Usage: python bench/decoder_table.py [OUT [FOLDER]]     (numpy, Pillow 12.3; the files go to FOLDER too)

A row is: name, kind, what is expected (pillow, ours or refused), the most levels off, why, the file, width, height and pixels.
"""
import gzip, io, pathlib, struct, sys, zlib
import numpy as np
from PIL import Image, ImageCms, ImageOps

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from decoder_files import bmp, chunk, exif_tiff, gif, jpeg, png, profile, riff, splice, tiff, webp_frame

OUT = sys.argv[1] if len(sys.argv) > 1 else "core/src/test/resources/decoder-table.gz"
rng = np.random.default_rng(18)
rows, files = [], {}


def picture(width=21, height=15, mode="RGB"):
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    return small.resize((width, height), Image.BICUBIC).convert(mode)


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def add(name, kind, data, most=1, why="", expect="pillow", pixels=None):
    """pixels: what we give where Pillow's own answer makes no sense, height x width x 3."""
    assert name not in files, name
    files[name] = data
    if expect == "pillow":
        try:
            pixels = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
        except Exception as e:
            print("Pillow refuses", name, repr(e)[:150])
            del files[name]
            return
    if expect != "refused":
        files[name + ".rgb"] = struct.pack(">ii", pixels.shape[1], pixels.shape[0]) + pixels.astype(np.uint8).tobytes()
    rows.append((name, kind, expect, most, why))


def refuse(name, kind, data, message):
    add(name, kind, data, 0, message, "refused")


def ours(name, kind, data, pixels, why, most=0):
    add(name, kind, data, most, why, "ours", np.repeat(pixels[:, :, None], 3, 2) if pixels.ndim == 2 else pixels)


# ---- JPEG
K = "JPEG"
photo = picture(27, 19)
for sub, name in ((0, "444"), (1, "422"), (2, "420")):
    add(f"jpeg_{name}.jpg", K, saved(photo, "JPEG", quality=90, subsampling=sub))
    add(f"jpeg_progressive_{name}.jpg", K, saved(photo, "JPEG", quality=85, subsampling=sub, progressive=True))
add("jpeg_gray.jpg", K, saved(photo.convert("L"), "JPEG"))
add("jpeg_gray_progressive.jpg", K, saved(photo.convert("L"), "JPEG", progressive=True))
add("jpeg_quality_5.jpg", K, saved(photo, "JPEG", quality=5))
add("jpeg_quality_100.jpg", K, saved(photo, "JPEG", quality=100))
add("jpeg_optimized.jpg", K, saved(photo, "JPEG", optimize=True))
add("jpeg_restart_rows.jpg", K, saved(photo, "JPEG", restart_marker_rows=1))
add("jpeg_restart_blocks.jpg", K, saved(photo, "JPEG", restart_marker_blocks=1, progressive=True))
add("jpeg_1x1.jpg", K, saved(picture(1, 1), "JPEG"))
add("jpeg_2x1_420.jpg", K, saved(picture(2, 1), "JPEG", subsampling=2))
add("jpeg_3x40_422.jpg", K, saved(picture(3, 40), "JPEG", subsampling=1))
P3 = profile((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE = profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 2.19921875)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
for name, icc in (("p3", P3), ("adobe", ADOBE), ("srgb", SRGB), ("lab", LAB), ("broken", b"not a profile")):
    for sub in (0, 2):
        add(f"jpeg_icc_{name}_{sub}.jpg", "JPEG, ICC profile", saved(photo, "JPEG", quality=92, subsampling=sub, icc_profile=icc))
    add(f"png_icc_{name}.png", "PNG, ICC profile", saved(picture(), "PNG", icc_profile=icc))
    add(f"webp_icc_{name}.webp", "WebP, ICC profile", saved(picture(), "WEBP", quality=80, icc_profile=icc))
    add(f"tiff_icc_{name}.tif", "TIFF, ICC profile", saved(picture(), "TIFF", icc_profile=icc))
add("jpeg_icc_gray.jpg", "JPEG, ICC profile", saved(photo.convert("L"), "JPEG", icc_profile=SRGB))
K = "JPEG, CMYK"
cmyk = picture(33, 20).convert("CMYK")
ink = np.asarray(cmyk).copy()
ink[:, :, 3] = np.linspace(0, 200, 33).astype(np.uint8)
cmyk = Image.fromarray(ink, "CMYK")
add("jpeg_cmyk.jpg", K, saved(cmyk, "JPEG", quality=95))
add("jpeg_cmyk_progressive.jpg", K, saved(cmyk, "JPEG", progressive=True))
add("jpeg_cmyk_icc.jpg", K, saved(cmyk, "JPEG", icc_profile=P3))
four = 255 - np.asarray(cmyk).astype(int)
for transform, name in ((0, "adobe_cmyk"), (2, "adobe_ycck"), (1, "adobe_1"), (None, "plain")):
    add(f"jpeg_four_{name}.jpg", K, jpeg(four, adobe=transform))
add("jpeg_ycck_420.jpg", K, jpeg(four, adobe=2, sampling=((2, 2), (1, 1), (1, 1), (2, 2))))
add("jpeg_cmyk_jfif.jpg", K, jpeg(four, adobe=0, jfif=True))
add("jpeg_cmyk_ids.jpg", K, jpeg(four, ids=(67, 77, 89, 75)))
K = "JPEG, meaning of components"
rgb = np.asarray(photo).astype(int)
add("jpeg_rgb_kept.jpg", K, saved(photo, "JPEG", keep_rgb=True, quality=95))
for name, options in {
    "jfif_and_adobe0": dict(jfif=True, adobe=0), "jfif_and_adobe1": dict(jfif=True, adobe=1), "adobe0": dict(adobe=0),
    "adobe1": dict(adobe=1), "adobe2": dict(adobe=2), "ids_rgb": dict(ids=(82, 71, 66)),
    "ids_rgb_jfif": dict(ids=(82, 71, 66), jfif=True), "ids_123": dict(ids=(1, 2, 3)), "ids_012": dict(ids=(0, 1, 2)),
    "ids_odd": dict(ids=(17, 4, 200)), "ids_rgb_adobe1": dict(ids=(82, 71, 66), adobe=1), "ids_rgb_low": dict(ids=(114, 103, 98)),
    "short_jfif": dict(extra=[(0xE0, b"JFIF\0\1\1")], ids=(82, 71, 66)), "short_adobe": dict(extra=[(0xEE, b"Adobe\0d")]),
}.items():
    add(f"jpeg_{name}.jpg", K, jpeg(rgb, **options))
K = "JPEG, sampling"
for name, sampling in {
    "411": ((4, 1), (1, 1), (1, 1)), "440": ((1, 2), (1, 1), (1, 1)), "410": ((4, 2), (1, 1), (1, 1)), "441": ((1, 4), (1, 1), (1, 1)),
    "422_of_22": ((2, 2), (1, 2), (1, 2)), "440_of_22": ((2, 2), (2, 1), (2, 1)), "mixed": ((2, 2), (2, 1), (1, 2)),
    "chroma_larger": ((1, 1), (2, 2), (2, 2)), "only_red": ((2, 2), (2, 2), (1, 1)),
}.items():
    add(f"jpeg_sampling_{name}.jpg", K, jpeg(rgb, sampling=sampling, jfif=True))
for height in (1, 2, 3, 9, 16, 17):
    add(f"jpeg_440_{height}_high.jpg", K, jpeg(rgb[:height], sampling=((1, 2), (1, 1), (1, 1)), jfif=True))
add("jpeg_gray_22.jpg", K, jpeg(rgb[:, :, :1], sampling=((2, 2),)))
add("jpeg_cmyk_440.jpg", K, jpeg(four, adobe=2, sampling=((1, 2), (1, 1), (1, 1), (1, 2))))
add("jpeg_odd_restart.jpg", K, jpeg(rgb, sampling=((2, 1), (1, 1), (1, 1)), restart=1))
K = "JPEG, bytes between segments"
plain = saved(photo, "JPEG", quality=90)
for at in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda"):
    add(f"jpeg_stray_before_{at[1]:x}.jpg", K, splice(plain, plain.index(at), b"\0\1stray\7"))
    add(f"jpeg_fill_before_{at[1]:x}.jpg", K, splice(plain, plain.index(at), b"\xff\xff\xff"))
add("jpeg_stray_everywhere.jpg", K, jpeg(rgb, jfif=True, stray=b"garbage\0"))
scans = saved(photo, "JPEG", progressive=True)
third = [i for i in range(len(scans) - 1) if scans[i:i + 2] == b"\xff\xda"][2]
add("jpeg_stray_between_scans.jpg", K, splice(scans, third, b"\0stray"))
add("jpeg_fill_between_scans.jpg", K, splice(scans, third, b"\xff\xff\xff"))
add("jpeg_no_jfif.jpg", K, plain[:2] + plain[20:])
add("jpeg_trailing.jpg", K, plain + b"\0" * 50 + b"more")
add("jpeg_comment_and_apps.jpg", K, jpeg(rgb, extra=[(0xFE, b"words"), (0xE5, b"\xff\xd9\xff\xda"), (0xED, b"Photoshop 3.0\0")]))
add("jpeg_thumbnail.jpg", K, splice(plain, 2, b"\xff\xe1" + struct.pack(">H", 2 + len(plain)) + plain))
add("jpeg_mpo.jpg", K, saved(photo, "MPO", save_all=True, append_images=[picture(27, 19)]))
K = "JPEG, not read"
for name, data, message in (
    ("arithmetic", plain.replace(b"\xff\xc0", b"\xff\xc9", 1), "arithmetic coding"),
    ("lossless", plain.replace(b"\xff\xc0", b"\xff\xc3", 1), "lossless coding"),
    ("hierarchical", plain.replace(b"\xff\xc0", b"\xff\xc5", 1), "hierarchical coding"),
    ("12_bits", plain.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c", 1), "samples of 12 bits"),
    ("two_components", jpeg(rgb[:, :, :2]), "2 components"),
    ("cut", plain[:-len(plain) // 3], "cut short"),
    ("no_scan", plain[:plain.index(b"\xff\xda")] + b"\xff\xd9", "cut short"),
):
    refuse(f"jpeg_{name}.jpg", K, data, message)

# ---- orientation
K = "EXIF orientation"
BYTE = "Pillow passes over an orientation of type BYTE; we turn the picture"
tall = picture(24, 16)
for value in range(1, 9):
    add(f"exif_jpeg_{value}.jpg", K, saved(tall, "JPEG", quality=95, exif=exif_tiff(value, prefix=True)))
for kind, code in (("byte", 1), ("short", 3), ("long", 4), ("sbyte", 6), ("sshort", 8), ("slong", 9)):
    for order in "<>":
        blob = exif_tiff(6, code, order, prefix=True)
        name, data = f"exif_{kind}_{'little' if order == '<' else 'big'}.jpg", saved(tall, "JPEG", quality=95, exif=blob)
        if kind == "byte":
            ours(name, K, data, np.asarray(Image.open(io.BytesIO(data)).transpose(Image.Transpose.ROTATE_270)), BYTE, 1)
        else:
            add(name, K, data)
for value in (0, 9, 300):
    add(f"exif_value_{value}.jpg", K, saved(tall, "JPEG", exif=exif_tiff(value, prefix=True)))
with_exif = saved(tall, "JPEG", quality=95, exif=exif_tiff(8, prefix=True))
add("exif_fill_bytes.jpg", K, splice(with_exif, with_exif.index(b"\xff\xe1"), b"\xff\xff\xff\xff"))
add("exif_stray_bytes.jpg", K, splice(with_exif, with_exif.index(b"\xff\xe1"), b"stray"))
add("exif_far_directory.jpg", K, saved(tall, "JPEG", exif=exif_tiff(3, prefix=True, gap=40)))
add("exif_other_tags.jpg", K, saved(tall, "JPEG", exif=exif_tiff(5, prefix=True, others=True)))
add("exif_two_values.jpg", K, saved(tall, "JPEG", exif=exif_tiff(6, prefix=True, count=2)))
xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
add("xmp_orientation.jpg", K, jpeg(np.asarray(tall).astype(int), extra=[(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)]))
add("xmp_element.jpg", K, jpeg(np.asarray(tall).astype(int), extra=[(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp.replace(b'="6"', b">8<"))]))
add("exif_before_xmp.jpg", K, jpeg(np.asarray(tall).astype(int), extra=[
    (0xE1, exif_tiff(3, prefix=True)), (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)]))
for value, code, order in ((6, 3, ">"), (8, 4, "<"), (5, 1, ">"), (3, 3, "<")):
    for kind, options in (("png", {}), ("webp", {"lossless": True})):
        data = saved(tall, kind, exif=exif_tiff(value, code, order), **options)
        if code == 1:
            ours(f"exif_{kind}_{value}.{kind}", K, data, np.asarray(tall.transpose(Image.Transpose.TRANSPOSE)), BYTE)
        else:
            add(f"exif_{kind}_{value}.{kind}", K, data)
add("exif_webp_prefix.webp", K, saved(tall, "WEBP", lossless=True, exif=exif_tiff(7, prefix=True)))
simple = saved(tall, "PNG")
end = simple.index(b"IEND") - 4
add("exif_png_late.png", K, splice(simple, end, chunk(b"eXIf", exif_tiff(6))))
raw = b"\nexif\n%8d\n%s\n" % (len(exif_tiff(4)), exif_tiff(4).hex().encode())
add("exif_png_raw_profile.png", K, splice(simple, 33, chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw))))
add("xmp_png.png", K, splice(simple, 33, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)))
for value in range(1, 9):
    add(f"orientation_tiff_{value}.tif", K, saved(tall, "TIFF", tiffinfo={274: value}))

# ---- PNG
K = "PNG"
gray = np.asarray(picture(19, 11, "L"))
for bits in (1, 2, 4, 8):
    few = (gray >> 8 - bits).astype(np.uint8)
    for interlaced in (False, True):
        add(f"png_gray_{bits}{'_adam7' * interlaced}.png", K, png(few, bits, 0, interlaced=interlaced))
pal = picture(19, 11).quantize(13)
indices, colors = np.asarray(pal), np.array(pal.getpalette()[:39], np.uint8)
for bits in (4, 8):
    for interlaced in (False, True):
        add(f"png_palette_{bits}{'_adam7' * interlaced}.png", K, png(indices, bits, 3, palette=colors, interlaced=interlaced))
add("png_palette_1.png", K, png(indices & 1, 1, 3, palette=colors[:6]))
add("png_palette_2.png", K, png(indices & 3, 2, 3, palette=colors[:12]))
add("png_palette_trns.png", K, png(indices, 8, 3, palette=colors, trns=bytes(range(0, 130, 10))))
add("png_palette_trns_4.png", K, png(indices, 4, 3, palette=colors, trns=b"\0\x80"))
add("png_palette_short.png", K, png(indices, 8, 3, palette=colors[:24]))
full = np.asarray(picture(19, 11))
add("png_rgb_adam7.png", K, png(full, 8, 2, interlaced=True))
add("png_rgb_trns.png", K, png(full, 8, 2, trns=struct.pack(">3H", *full[2, 3])))
add("png_gray_trns.png", K, png(gray, 8, 0, trns=struct.pack(">H", gray[2, 3])))
add("png_gray_1_trns.png", K, png(gray >> 7, 1, 0, trns=b"\0\1"))
alpha = np.dstack([full, gray])
add("png_rgba.png", K, png(alpha, 8, 6))
add("png_rgba_adam7.png", K, png(alpha, 8, 6, interlaced=True))
add("png_gray_alpha.png", K, png(np.dstack([gray, 255 - gray]), 8, 4))
add("png_gray_alpha_adam7.png", K, png(np.dstack([gray, 255 - gray]), 8, 4, interlaced=True))
add("png_rgb_gamma.png", K, png(full, 8, 2, chunks=[(b"gAMA", struct.pack(">I", 100000))]))
add("png_gray_gamma.png", K, png(gray, 8, 0, chunks=[(b"gAMA", struct.pack(">I", 45455)), (b"sBIT", b"\5")]))
add("png_background.png", K, png(alpha, 8, 6, chunks=[(b"bKGD", struct.pack(">3H", 9, 200, 90))]))
add("png_cicp.png", K, png(full, 8, 2, chunks=[(b"cICP", bytes((9, 16, 0, 1)))]))
add("png_srgb_chrm.png", K, png(full, 8, 2, chunks=[(b"sRGB", b"\0"), (b"cHRM", struct.pack(">8I", *range(20000, 28000, 1000)))]))
add("png_split_idat.png", K, png(full, 8, 2, split=7))
add("png_1x1_adam7.png", K, png(full[:1, :1], 8, 2, interlaced=True))
add("png_3x2_adam7.png", K, png(full[:2, :3], 8, 2, interlaced=True))
add("png_apng.png", K, saved(picture(19, 11), "PNG", save_all=True, append_images=[picture(19, 11)]))
K = "PNG, 16 bits"
deep = (np.asarray(picture(19, 11)).astype(int) * 257 + rng.integers(-90, 90, (11, 19, 3))).clip(0, 65535)
add("png_rgb_16.png", K, png(deep, 16, 2))
add("png_rgb_16_adam7.png", K, png(deep, 16, 2, interlaced=True))
add("png_rgba_16.png", K, png(np.dstack([deep, deep[:, :, 0]]), 16, 6))
add("png_gray_alpha_16.png", K, png(deep[:, :, :2], 16, 4))
why = "Pillow clips I;16 at 255, so that nearly all is white; we keep the upper 8 bits"
ours("png_gray_16.png", K, png(deep[:, :, 0], 16, 0), deep[:, :, 0] >> 8, why)
ours("png_gray_16_adam7.png", K, png(deep[:, :, 0], 16, 0, interlaced=True), deep[:, :, 0] >> 8, why)
ours("png_gray_16_trns.png", K, png(deep[:, :, 0], 16, 0, trns=b"\1\2"), deep[:, :, 0] >> 8, why)
K = "PNG, damaged"
whole = png(full, 8, 2)
refuse("png_cut.png", K, whole[:len(whole) * 2 // 3], "")
refuse("png_header_only.png", K, whole[:33], "")

# ---- GIF
K = "GIF"
few = picture(20, 10).quantize(16)
index, table = np.asarray(few), np.array(few.getpalette()[:48], np.uint8)
add("gif_plain.gif", K, gif(index, table))
add("gif_interlaced.gif", K, gif(index, table, interlaced=True))
for height in (1, 2, 3, 5, 8):
    add(f"gif_interlaced_{height}.gif", K, gif(index[:height], table, interlaced=True))
add("gif_local_palette.gif", K, gif(index, table[::-1].copy(), local=table))
add("gif_only_local.gif", K, gif(index, None, local=table))
add("gif_no_palette.gif", K, gif(index, None))
add("gif_transparent.gif", K, gif(index, table, transparent=5))
for name, options in {"offset": {}, "offset_transparent": dict(transparent=3), "offset_background": dict(background=7),
                      "offset_local": dict(local=table[::-1].copy()), "offset_interlaced": dict(interlaced=True, transparent=9),
                      "offset_transparent_beyond": dict(transparent=200)}.items():
    add(f"gif_{name}.gif", "GIF, frame and screen", gif(index, table, screen=(40, 30), at=(7, 9), **options))
add("gif_screen_zero.gif", "GIF, frame and screen", gif(index, table, screen=(0, 0)))
add("gif_screen_smaller.gif", "GIF, frame and screen", gif(index, table, screen=(8, 4)))
add("gif_frame_sticks_out.gif", "GIF, frame and screen", gif(index, table, screen=(24, 12), at=(10, 5)))
add("gif_animated.gif", K, saved(picture(20, 10), "GIF", save_all=True, append_images=[picture(20, 10)]))
add("gif_comment.gif", K, gif(index, table, blocks=b"!\xfe\5words\0!\xff\x0bNETSCAPE2.0\3\1\0\0\0"))
add("gif_87a.gif", K, b"GIF87a" + gif(index, table)[6:])
noisy = rng.integers(0, 256, (68, 80), dtype=np.uint8)
wide = rng.integers(0, 256, 768, dtype=np.uint8)
add("gif_full_table.gif", "GIF, codes", gif(noisy[:66], wide, clear=True))
add("gif_deferred_clear.gif", "GIF, codes", gif(noisy, wide))
add("gif_no_first_clear.gif", "GIF, codes", gif(index, table, first_clear=False))
add("gif_one_bit.gif", "GIF, codes", gif(index & 1, table[:6]))
add("gif_small_blocks.gif", "GIF, codes", gif(index, table, block=3))
add("gif_index_beyond.gif", "GIF, codes", gif(index, table[:24], bits=4))
whole = gif(index, table)
refuse("gif_cut.gif", "GIF, damaged", whole[:-30], "cut short")
refuse("gif_no_frame.gif", "GIF, damaged", whole[:13 + 48] + b";", "no frame")

# ---- BMP
K = "BMP"
color = np.asarray(picture(13, 9))
pal = picture(13, 9).quantize(16)
index, table = np.asarray(pal), np.array(pal.getpalette()[:48], np.uint8).reshape(-1, 3)
for header in (12, 40, 52, 56, 64, 108, 124):
    add(f"bmp_24_header_{header}.bmp", K, bmp(color, 24, header=header))
    add(f"bmp_8_header_{header}.bmp", K, bmp(index, 8, header=header, palette=table))
for bits in (1, 4):
    few = table[:1 << bits]
    add(f"bmp_{bits}.bmp", K, bmp(index % len(few), bits, palette=few))
    add(f"bmp_{bits}_os2.bmp", K, bmp(index % len(few), bits, header=12, palette=few))
add("bmp_24_top_down.bmp", K, bmp(color, 24, top_down=True))
add("bmp_8_top_down.bmp", K, bmp(index, 8, palette=table, top_down=True))
add("bmp_32.bmp", K, bmp(np.dstack([color, color[:, :, 0]]), 32))
add("bmp_32_top_down.bmp", K, bmp(np.dstack([color, color[:, :, 0]]), 32, top_down=True))
for name, masks in {"bgrx": (0xFF0000, 0xFF00, 0xFF, 0), "xbgr": (0xFF000000, 0xFF0000, 0xFF00, 0), "rgba": (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
                    "bgra": (0xFF0000, 0xFF00, 0xFF, 0xFF000000), "abgr": (0xFF000000, 0xFF0000, 0xFF00, 0xFF)}.items():
    add(f"bmp_32_{name}.bmp", "BMP, bit fields", bmp(np.dstack([color, color[:, :, 0]]), 32, header=124, masks=masks))
add("bmp_32_fields_40.bmp", "BMP, bit fields", bmp(np.dstack([color, color[:, :, 0]]), 32, header=40, masks=(0xFF0000, 0xFF00, 0xFF)))
add("bmp_16.bmp", "BMP, bit fields", bmp(color, 16))
for name, masks in {"565": (0xF800, 0x7E0, 0x1F), "555": (0x7C00, 0x3E0, 0x1F)}.items():
    for header in (40, 108):
        add(f"bmp_16_{name}_{header}.bmp", "BMP, bit fields", bmp(color, 16, header=header, masks=masks))
for name, pairs in {"rle8": 8, "rle4": 4}.items():
    for kind in ("runs", "absolute", "delta", "short_lines", "no_end"):
        data = bmp(index, pairs, palette=table, rle=kind)
        add(f"bmp_{name}_{kind}.bmp", "BMP, run lengths", data)
ours("bmp_rle4_absolute_odd.bmp", "BMP, run lengths", bmp(index, 4, palette=table, rle="absolute_odd"), table[index],
     "Pillow loses the last pixel of an odd number")
add("bmp_rle8_absolute_odd.bmp", "BMP, run lengths", bmp(index, 8, palette=table, rle="absolute_odd"))
add("bmp_8_few_colors.bmp", K, bmp(index, 8, palette=table, colors=16))
add("bmp_8_gap.bmp", K, bmp(index, 8, palette=table, colors=16, gap=10))
add("bmp_8_gray.bmp", K, bmp(np.asarray(picture(13, 9, "L")), 8, palette=np.repeat(np.arange(256)[:, None], 3, 1)))
add("bmp_8_index_beyond.bmp", K, bmp(index, 8, palette=table[:10], colors=10))
add("bmp_1_white_first.bmp", K, bmp(index & 1, 1, palette=np.array([[255] * 3, [0] * 3])))
add("bmp_trailing.bmp", K, bmp(color, 24) + b"tail")
whole = bmp(color, 24)
refuse("bmp_cut.bmp", "BMP, damaged", whole[:len(whole) // 2], "")
refuse("bmp_jpeg_inside.bmp", "BMP, damaged", bmp(color, 24, compression=4), "compression 4")

# ---- WebP
K = "WebP"
photo = picture(45, 35)
noise = Image.fromarray((np.asarray(photo).astype(int) + rng.normal(0, 14, (35, 45, 1))).clip(0, 255).astype(np.uint8))
for quality in (0, 40, 90, 100):
    add(f"webp_quality_{quality}.webp", K, saved(noise, "WEBP", quality=quality, method=quality % 7))
add("webp_1x1.webp", K, saved(picture(1, 1), "WEBP"))
add("webp_odd.webp", K, saved(picture(17, 3), "WEBP", quality=70))
add("webp_17_high.webp", K, saved(picture(5, 17), "WEBP", quality=70))
faded = noise.convert("RGBA")
faded.putalpha(picture(45, 35, "L"))
add("webp_alpha.webp", K, saved(faded, "WEBP", quality=80))
add("webp_alpha_quality.webp", K, saved(faded, "WEBP", quality=80, alpha_quality=20))
holes = noise.convert("RGBA")
holes.putalpha(Image.fromarray((np.asarray(picture(45, 35, "L")) > 128).astype(np.uint8) * 255))
add("webp_holes.webp", K, saved(holes, "WEBP", quality=60))
add("webp_lossless.webp", K, saved(noise, "WEBP", lossless=True))
add("webp_lossless_alpha.webp", K, saved(faded, "WEBP", lossless=True))
add("webp_lossless_exact.webp", K, saved(holes, "WEBP", lossless=True, exact=True))
for count in (2, 4, 13, 200):
    add(f"webp_lossless_{count}_colors.webp", K, saved(photo.quantize(count).convert("RGB"), "WEBP", lossless=True))
add("webp_gray.webp", K, saved(photo.convert("L"), "WEBP"))
K = "WebP, animated"
add("webp_animated.webp", K, saved(photo, "WEBP", save_all=True, append_images=[picture(45, 35)], quality=70))
add("webp_animated_lossless.webp", K, saved(faded, "WEBP", save_all=True, append_images=[picture(45, 35)], lossless=True))
for name, data in (("lossy", saved(picture(20, 10), "WEBP")), ("lossless", saved(picture(20, 10), "WEBP", lossless=True))):
    add(f"webp_animated_offset_{name}.webp", K, webp_frame(data, (44, 30), (8, 6), (20, 10)))
K = "WebP, damaged"
whole = saved(noise, "WEBP")
refuse("webp_cut.webp", K, whole[:len(whole) * 2 // 3], "cut short")
short = whole[12:len(whole) // 2]
refuse("webp_cut_inside.webp", K, riff(b"VP8 " + struct.pack("<I", len(short) - 8) + short[8:]), "cut short")
refuse("webp_no_image.webp", K, riff(b"EXIF\4\0\0\0abcd"), "no image")

# ---- TIFF
K = "TIFF"
photo = picture(30, 22)
gray = np.asarray(photo.convert("L"))
for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"):
    add(f"tiff_{compression}.tif", K, saved(photo, "TIFF", compression=compression))
add("tiff_lzw_predictor.tif", K, saved(photo, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}))
add("tiff_gray.tif", K, saved(photo.convert("L"), "TIFF"))
add("tiff_gray_alpha.tif", K, saved(photo.convert("LA"), "TIFF"))
add("tiff_rgba.tif", K, saved(faded, "TIFF", compression="tiff_lzw"))
add("tiff_cmyk.tif", K, saved(cmyk, "TIFF"))
add("tiff_cmyk_lzw.tif", K, saved(cmyk, "TIFF", compression="tiff_lzw"))
add("tiff_palette.tif", K, saved(photo.quantize(30), "TIFF"))
one = photo.convert("1")
for compression in ("raw", "group3", "group4", "packbits"):
    add(f"tiff_bits_{compression}.tif", K, saved(one, "TIFF", compression=compression))
add("tiff_pages.tif", K, saved(photo, "TIFF", save_all=True, append_images=[picture(9, 9)]))
rgb = np.asarray(photo)
for order, name in (("<", "little"), (">", "big")):
    add(f"tiff_strips_{name}.tif", K, tiff(rgb, order=order, rows=5))
    add(f"tiff_tiles_{name}.tif", K, tiff(rgb, order=order, tile=(16, 16)))
    add(f"tiff_planar_{name}.tif", K, tiff(rgb, order=order, planar=True, rows=7))
    add(f"tiff_rgb_16_{name}.tif", "TIFF, other depths", tiff(rgb.astype(int) * 257 - rgb // 2, 16, order=order))
    ours(f"tiff_gray_16_{name}.tif", "TIFF, other depths", tiff(gray.astype(int) * 250, 16, order=order), gray.astype(int) * 250 >> 8,
         "Pillow clips I;16 at 255, so that nearly all is white; we keep the upper 8 bits")
add("tiff_tiles_planar_deflate.tif", K, tiff(rgb, tile=(16, 16), planar=True, deflate=True))
add("tiff_planar_lzw.tif", K, saved(photo, "TIFF", compression="tiff_lzw", tiffinfo={284: 1}))
add("tiff_white_is_zero.tif", K, tiff(gray, photometric=0))
add("tiff_white_is_zero_1.tif", K, tiff(gray >> 7, 1, photometric=0))
for bits in (1, 2, 4):
    add(f"tiff_gray_{bits}.tif", "TIFF, other depths", tiff(gray >> 8 - bits, bits))
pal = photo.quantize(16)
map16 = np.array(pal.getpalette()[:48], int).reshape(-1, 3).T * 257
for bits in (4, 8):
    full = np.zeros((3, 1 << bits), int)
    full[:, :16] = map16
    add(f"tiff_palette_{bits}.tif", K, tiff(np.asarray(pal), bits, photometric=3, tags={320: full.ravel()}))
add("tiff_extra_unspecified.tif", K, tiff(np.dstack([rgb, gray]), tags={338: [0]}))
add("tiff_extra_associated.tif", K, tiff(np.dstack([rgb // 2, np.full_like(gray, 128)]), tags={338: [1]}), 1)
add("tiff_extra_associated_16.tif", K, tiff(np.dstack([rgb // 2, np.full_like(gray, 128)]).astype(int) * 257, 16, tags={338: [1]}))
add("tiff_extra_unassociated.tif", K, tiff(np.dstack([rgb, gray]), tags={338: [2]}))
add("tiff_cmyk_strips.tif", K, tiff(np.asarray(cmyk), photometric=5, rows=6))
add("tiff_big.tif", K, saved(photo, "TIFF", big_tiff=True))
refuse("tiff_float.tif", "TIFF, other depths", saved(Image.fromarray(gray.astype(np.float32)), "TIFF"), "samples of 32 bits, format 3")
refuse("tiff_32.tif", "TIFF, other depths", saved(Image.fromarray(gray.astype(np.int32)), "TIFF"), "samples of 32 bits, format 2")
refuse("tiff_lab.tif", "TIFF, other depths", saved(Image.new("LAB", (9, 9)), "TIFF"), "photometric interpretation 8")
for order, name in (("<", "little"), (">", "big")):
    add(f"tiff_cmyk_16_{name}.tif", "TIFF, other depths", tiff(np.asarray(cmyk).astype(int) * 257, 16, photometric=5, order=order))
K = "TIFF, JPEG inside"
add("tiff_jpeg.tif", K, saved(photo, "TIFF", compression="jpeg", quality=95))
add("tiff_jpeg_gray.tif", K, saved(photo.convert("L"), "TIFF", compression="jpeg"))
add("tiff_jpeg_cmyk.tif", K, saved(cmyk, "TIFF", compression="jpeg", quality=95))
add("tiff_jpeg_icc.tif", K, saved(photo, "TIFF", compression="jpeg", icc_profile=P3))
K = "TIFF"
for order, name in (("<", "little"), (">", "big")):
    add(f"tiff_orientation_long_{name}.tif", "EXIF orientation", tiff(rgb, order=order, tags={274: [6]}, longs=(274,)))
add("tiff_fill_order.tif", K, tiff(np.packbits(np.unpackbits(gray[:, :, None], axis=2)[:, :, ::-1], axis=2)[:, :, 0], tags={266: [2]}))
add("tiff_lzw_predictor_gray.tif", K, saved(photo.convert("L"), "TIFF", compression="tiff_lzw", tiffinfo={317: 2}))
add("tiff_predictor_deflate.tif", K, saved(photo, "TIFF", compression="tiff_adobe_deflate", tiffinfo={317: 2}))
add("tiff_thumbnail_first.tif", K, tiff(rgb, tags={254: [1]}))
add("tiff_no_rows_per_strip.tif", K, tiff(rgb, drop=(278,)))
add("tiff_no_byte_counts.tif", K, tiff(rgb, drop=(279,)))
add("tiff_one_high.tif", K, tiff(rgb[:1]))
add("tiff_one_wide.tif", K, tiff(rgb[:, :1], rows=3))
add("tiff_tiles_one_pixel.tif", K, tiff(rgb[:1, :1], tile=(16, 16)))
add("tiff_white_is_zero_4.tif", K, tiff(gray >> 4, 4, photometric=0))
add("tiff_white_is_zero_2.tif", K, tiff(gray >> 6, 2, photometric=0))
add("tiff_xmp.tif", "EXIF orientation", saved(tall, "TIFF", tiffinfo={700: xmp}))
add("tiff_ycbcr_lzw.tif", K, saved(photo.convert("YCbCr"), "TIFF", compression="tiff_lzw"))
add("tiff_jpeg_ycbcr.tif", K, saved(photo.convert("YCbCr"), "TIFF", compression="jpeg", quality=95))
K = "TIFF, damaged"
whole = saved(photo, "TIFF", compression="tiff_lzw")
refuse("tiff_cut.tif", K, whole[:60], "")
small = tiff(rgb, rows=5)
refuse("tiff_cut_data.tif", K, tiff(rgb, cut=400), "")
refuse("tiff_huge.tif", K, tiff(rgb, tags={256: [60000], 257: [60000]}), "60000×60000")
refuse("tiff_tiles_huge.tif", K, tiff(rgb, tile=(16, 16), tags={322: [2**31 - 16], 323: [2**31 - 16]}), "")
refuse("tiff_loop.tif", K, b"II*\0" + struct.pack("<IHI", 8, 0, 8), "")
refuse("tiff_many_entries.tif", K, b"II*\0" + struct.pack("<IH", 8, 65535) + b"\0" * 40, "")

# ---- others
for name, data, message in (("avif", b"\0\0\0 ftypavif" + b"\0" * 40, "AVIF"), ("heic", b"\0\0\0 ftypheic" + b"\0" * 40, "HEIC"),
                            ("jxl", b"\xff\x0a" + b"\0" * 40, "JPEG XL"), ("jp2", b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 40, "JPEG 2000"),
                            ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"), ("txt", b"words", "known format")):
    refuse("other." + name, "other formats", data, message)

# ---- TIFF, one channel with others beside it
K = "TIFF, palette"
pal = photo.quantize(30)
spots, colors = np.asarray(pal), np.array(pal.getpalette()[:90], int).reshape(-1, 3)
full = np.zeros((3, 256), int)
full[:, :30] = colors.T * 257
veil = np.where(gray > 128, 255, gray).astype(np.uint8)
pair = np.dstack([spots, veil])
add("tiff_palette_alpha.tif", K, saved(pal.convert("PA"), "TIFF"))
add("tiff_palette_alpha_lzw.tif", K, saved(pal.convert("PA"), "TIFF", compression="tiff_lzw"))
for order, name in (("<", "little"), (">", "big")):
    for extra in (0, 2):
        tags = {320: full.ravel(), 338: [extra]}
        add(f"tiff_palette_extra_{extra}_{name}.tif", K, tiff(pair, photometric=3, order=order, tags=tags))
        add(f"tiff_palette_extra_{extra}_tiles_{name}.tif", K, tiff(pair, photometric=3, order=order, tags=tags, tile=(16, 16), deflate=True))
why = "Pillow knows no such TIFF"
ours("tiff_palette_extra_1.tif", K, tiff(pair, photometric=3, tags={320: full.ravel(), 338: [1]}), colors[spots], why)
ours("tiff_palette_no_extra.tif", K, tiff(pair, photometric=3, tags={320: full.ravel()}), colors[spots], why)
ours("tiff_palette_extra_16.tif", K, tiff(pair.astype(int), 16, photometric=3, tags={320: full.ravel(), 338: [2]}), colors[spots], why)
for bits in (1, 2, 4, 8):
    few = spots & (1 << bits) - 1
    table = np.pad(full[:, :1 << bits], ((0, 0), (0, max(0, (1 << bits) - 256))))
    add(f"tiff_palette_{bits}_strips.tif", K, tiff(few, bits, photometric=3, tags={320: table.ravel()}, rows=4))
    ours(f"tiff_palette_planes_{bits}.tif", K, tiff(np.dstack([few, veil >> 8 - bits]), bits, photometric=3, planar=True, rows=4,
         tags={320: table.ravel(), 338: [2]}, deflate=True), (table.T >> 8)[few], why)
    ours(f"tiff_palette_map_of_8_bits_{bits}.tif", K, tiff(few, bits, photometric=3, tags={320: table.ravel() >> 8}), (table.T >> 8)[few],
         "Pillow divides values of 8 bits by 256, so that all is black; libtiff takes them as they are")
add("tiff_palette_map_long.tif", K, tiff(spots & 15, 4, photometric=3, tags={320: full.ravel()}))
add("tiff_palette_map_short.tif", K, tiff(spots, photometric=3, tags={320: full[:, :20].ravel()}))
refuse("tiff_palette_no_map.tif", K, tiff(spots, photometric=3), "without its color map")
refuse("tiff_palette_extra_4.tif", K, tiff(pair & 15, 4, photometric=3, tags={320: full[:, :16].ravel(), 338: [2]}), "2 samples of 4 bits")
refuse("tiff_palette_three.tif", K, tiff(np.dstack([pair, veil]), photometric=3, tags={320: full.ravel(), 338: [2, 0]}), "3 samples")
K = "TIFF, samples beside others"
ink = photo.convert("CMYK")
for bits in (8, 16):
    scale = 1 if bits == 8 else 257
    two = np.dstack([gray, veil]).astype(int) * scale
    ours(f"tiff_gray_alpha_planes_{bits}.tif", K, tiff(two, bits, photometric=1, planar=True, deflate=True, tags={338: [2]}), gray, why)
    ours(f"tiff_white_alpha_{bits}.tif", K, tiff(two, bits, photometric=0, tags={338: [2]}), 255 - gray, why)
    ours(f"tiff_white_multiplied_{bits}.tif", K, tiff(two, bits, photometric=0, tags={338: [1]}),
         np.where(veil == 0, 0, np.minimum(255, (255 - gray.astype(int)) * 255 // np.maximum(veil, 1).astype(int))), why)
    ours(f"tiff_cmyk_alpha_{bits}.tif", K, tiff(np.dstack([np.asarray(ink), veil]).astype(int) * scale, bits, photometric=5, tags={338: [2]}),
         np.asarray(ink.convert("RGB")), why)
add("tiff_multiplied_and_more.tif", K, tiff(np.dstack([rgb // 2, veil, veil]), tags={338: [1, 0]}))
add("tiff_cmyk_and_more.tif", K, tiff(np.dstack([np.asarray(ink), veil]), photometric=5, tags={338: [0]}))
refuse("tiff_gray_three.tif", K, tiff(rgb, photometric=1, tags={338: [0, 0]}), "photometric interpretation 1 and 3 samples")
refuse("tiff_gray_alpha_4.tif", K, tiff(np.dstack([gray, veil]) >> 4, 4, photometric=1, tags={338: [2]}), "2 samples of 4 bits")
refuse("tiff_rgb_4.tif", K, tiff(rgb >> 4, 4), "3 samples of 4 bits")
refuse("tiff_ycbcr_alpha.tif", K, tiff(np.dstack([rgb, veil]), photometric=6, tags={338: [2], 530: [1, 1]}), "photometric interpretation 6 and 4 samples")
refuse("tiff_zstandard.tif", K, tiff(rgb, tags={259: [50000]}), "compression 50000 (Zstandard)")
refuse("tiff_lzma.tif", K, tiff(rgb, tags={259: [34925]}), "compression 34925 (LZMA)")
K = "TIFF, other depths"
deep = rgb.astype(int) * 257
ours("tiff_rgb_16_planes.tif", K, tiff(deep, 16, planar=True), rgb, "Pillow takes planes of 16 bits for ones of 8")
ours("tiff_white_is_zero_16.tif", K, tiff(deep[:, :, 0], 16, photometric=0), 255 - rgb[:, :, 0], "Pillow clips I;16 at 255 and keeps black white")
for value in (6, 8):
    ours(f"tiff_gray_orientation_{value}.tif", "EXIF orientation", tiff(gray, tags={274: [value]}),
         np.asarray(Image.fromarray(gray).transpose({6: Image.ROTATE_270, 8: Image.ROTATE_90}[value])), "Pillow does not turn gray in one strip")

# ---- PNG, chunks that say nothing of pixels
K = "PNG, other chunks"
full = np.asarray(photo)
four = np.dstack([full, full[:, :, 1]])
for length in (2, 6):
    add(f"png_rgba_trns_{length}.png", K, png(four, 8, 6, trns=b"\0" * length))
    add(f"png_gray_alpha_trns_{length}.png", K, png(four[:, :, 2:], 8, 4, trns=b"\0" * length))
add("png_rgba_palette.png", K, png(four, 8, 6, palette=bytes(range(30))))
add("png_rgb_palette.png", K, png(full, 8, 2, palette=bytes(range(30))))
for kind, data in ((b"tIME", b"\7"), (b"hIST", b"\0\1"), (b"sPLT", b"x"), (b"bKGD", b"\0"), (b"oFFs", b"\0"), (b"sTER", b"\7"), (b"tEXt", b"k" * 120 + b"\0v"),
                   (b"zTXt", b"a\0\0not packed"), (b"iTXt", b"a\0\1\0"), (b"iCCP", b"icc\0\0broken"), (b"sBIT", b"\x08" * 9), (b"sRGB", b"\x09"), (b"vpAg", b"\0" * 9)):
    add(f"png_chunk_{kind.decode()}.png", K, png(full, 8, 2, chunks=[(kind, data)]))
refuse("png_cgbi.png", K, splice(png(full, 8, 2), 8, chunk(b"CgBI", b"\x50\0\x20\x02")), "iPhone-optimized PNG (CgBI)")

# ---- BMP, what the header says of the file
K = "BMP, header"
index = spots & 15
few = colors[:16]
made = {"24": bmp(full, 24), "24_os2": bmp(full, 24, header=12), "8": bmp(index, 8, palette=few), "4": bmp(index, 4, palette=few, colors=16),
        "1": bmp(index & 1, 1, palette=few[:2]), "8_os2": bmp(index, 8, header=12, palette=few), "8_os2_long": bmp(index, 8, header=64, palette=few),
        "16": bmp(full, 16, masks=(0xF800, 0x7E0, 0x1F)), "32": bmp(np.dstack([full, full[:, :, 0]]), 32, header=124, masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
        "rle8": bmp(index, 8, palette=few, rle="runs")}
for name, data in made.items():
    for size in (0, 54, 2**32 - 1):
        add(f"bmp_size_{size}_{name}.bmp", K, data[:2] + struct.pack("<I", size) + data[6:])
    add(f"bmp_offset_0_{name}.bmp", K, data[:10] + b"\0" * 4 + data[14:])
    if name in ("8", "4", "1", "8_os2"):
        add(f"bmp_offset_palette_{name}.bmp", K, data[:10] + struct.pack("<I", 14 + data[14]) + data[14:])
for size in (0, 1, 2**31 - 1):
    add(f"bmp_pixels_size_{size}.bmp", K, made["24"][:34] + struct.pack("<I", size) + made["24"][38:])
add("bmp_planes_0.bmp", K, made["24"][:26] + b"\0\0" + made["24"][28:])
refuse("bmp_cut_row.bmp", "BMP, damaged", made["24"][:-90], "the BMP is cut short")
refuse("gif_cut_end.gif", "GIF, damaged", gif(index, few.astype(np.uint8).ravel())[:-3], "the GIF is cut short")

def text(value):
    data = str(value).encode()
    return struct.pack(">H", len(data)) + data


target = pathlib.Path(OUT)
target.parent.mkdir(parents=True, exist_ok=True)
out = struct.pack(">I", len(rows))
for name, kind, expect, most, why in rows:
    data = files[name]
    out += text(name) + text(kind) + text(expect) + struct.pack(">I", most) + text(why) + struct.pack(">I", len(data)) + data
    out += files.get(name + ".rgb", struct.pack(">ii", 0, 0))
target.write_bytes(gzip.compress(out, 9, mtime=0))
print(len(rows), "files,", target.stat().st_size, "bytes in", target)
if len(sys.argv) > 2:
    for name in files:
        (pathlib.Path(sys.argv[2]) / name).write_bytes(files[name])
