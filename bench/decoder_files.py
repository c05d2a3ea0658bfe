"""Write image files that no common encoder writes, for decoder_table.py."""
import io, struct, zlib
import numpy as np
from PIL import Image


def splice(data, at, extra):
    return data[:at] + extra + data[at:]


def profile(red, green, blue, gamma=None):
    """An RGB display profile (ICC.1:2001-04) with sRGB's curve or a gamma."""
    def xyz(v):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(x * 65536)) for x in v)
    curve = b"para\0\0\0\0\0\3\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
    if gamma:
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 79
    tags = [(b"desc", text), (b"cprt", b"text\0\0\0\0none\0\0\0\0"), (b"wtpt", xyz((0.9642, 1, 0.8249))), (b"rXYZ", xyz(red)),
            (b"gXYZ", xyz(green)), (b"bXYZ", xyz(blue)), (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I", 128 + len(table) + len(body)) + b"none" + struct.pack(">I", 0x02400000) + b"mntrRGB XYZ "
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def exif_tiff(value, code=3, order=">", prefix=False, gap=0, others=False, count=1):
    """EXIF data with an orientation of some TIFF type."""
    size = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}[code]
    entries = [(274, code, count, struct.pack(order + size * count, *[value] * count).ljust(4, b"\0"))]
    if others:
        entries = [(256, 4, 1, struct.pack(order + "I", 9))] + entries + [(305, 2, 4, b"abc\0")]
    data = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + gap) + b"\0" * gap
    data += struct.pack(order + "H", len(entries))
    for tag, kind, number, content in entries:
        data += struct.pack(order + "HHI", tag, kind, number) + content
    return (b"Exif\0\0" if prefix else b"") + data + b"\0" * 4


# ---- JPEG: a baseline encoder with Pillow's Huffman tables
def _tables():
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", quality=90)
    data, tables, at = stream.getvalue(), {}, 2
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2:at + 4])[0]
        body = data[at + 4:at + 2 + length]
        while data[at + 1] == 0xC4 and body:
            counts, values = body[1:17], body[17:17 + sum(body[1:17])]
            codes, code, i = {}, 0, 0
            for bits, number in enumerate(counts, 1):
                for _ in range(number):
                    codes[values[i]] = (code, bits)
                    code, i = code + 1, i + 1
                code <<= 1
            tables[body[0]] = (codes, body[:17 + len(values)])
            body = body[17 + len(values):]
        at += 2 + length
    return tables


ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8)))
COSINES = np.array([[np.cos((2 * x + 1) * u * np.pi / 16) * (np.sqrt(1 / 8) if u == 0 else 0.5) for x in range(8)] for u in range(8)])


def jpeg(planes, sampling=None, ids=None, jfif=False, adobe=None, extra=(), restart=0, stray=b""):
    """planes: height x width x components, stored as they are."""
    height, width, count = planes.shape
    sampling = sampling or ((1, 1),) * count
    ids = ids or tuple(range(1, count + 1))
    tables = _tables()
    hmax, vmax = max(h for h, v in sampling), max(v for h, v in sampling)
    mcus_x, mcus_y = -(-width // (8 * hmax)), -(-height // (8 * vmax))
    if count == 1:
        sampling_used, mcus_x, mcus_y = ((1, 1),), -(-width // 8), -(-height // 8)
        hmax = vmax = 1
    else:
        sampling_used = sampling
    blocks = []
    for c, (h, v) in enumerate(sampling_used):
        full = np.pad(planes[:, :, c], ((0, mcus_y * 8 * vmax - height), (0, mcus_x * 8 * hmax - width)), "edge").astype(float)
        ys = np.arange(mcus_y * 8 * v) * vmax // v
        xs = np.arange(mcus_x * 8 * h) * hmax // h
        blocks.append(full[ys][:, xs] - 128)
    bits = []

    def put(code, length):
        bits.extend((code >> length - 1 - i) & 1 for i in range(length))

    def value(v):
        size = int(abs(v)).bit_length()
        return size, v if v >= 0 else v + (1 << size) - 1

    scans, last, done = b"", [0] * count, 0

    def flush():
        nonlocal bits
        bits += [1] * (-len(bits) % 8)
        data = bytes(int("".join(map(str, bits[i:i + 8])), 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
        bits = []
        return data

    step = 3
    for my in range(mcus_y):
        for mx in range(mcus_x):
            if restart and done and done % restart == 0:
                scans += flush() + bytes((0xFF, 0xD0 + (done // restart - 1) % 8))
                last = [0] * count
            done += 1
            for c, (h, v) in enumerate(sampling_used):
                dc, ac = tables[0x00 if c == 0 else 0x01][0], tables[0x10 if c == 0 else 0x11][0]
                for by in range(v):
                    for bx in range(h):
                        y, x = (my * v + by) * 8, (mx * h + bx) * 8
                        block = COSINES @ blocks[c][y:y + 8, x:x + 8] @ COSINES.T
                        q = np.round(block / step).astype(int).ravel()[ZIGZAG]
                        size, code = value(q[0] - last[c])
                        last[c] = q[0]
                        put(*dc[size])
                        put(int(code), size)
                        run, end = 0, max((i for i in range(1, 64) if q[i]), default=0)
                        for i in range(1, end + 1):
                            if q[i] == 0:
                                run += 1
                                continue
                            while run > 15:
                                put(*ac[0xF0])
                                run -= 16
                            size, code = value(q[i])
                            put(*ac[run * 16 + size])
                            put(int(code), size)
                            run = 0
                        if end < 63:
                            put(*ac[0])
    scans += flush()

    def segment(marker, body):
        return stray + bytes((0xFF, marker)) + struct.pack(">H", 2 + len(body)) + body

    out = b"\xff\xd8" + (b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" if jfif else b"")
    for marker, body in extra:
        out += segment(marker, body)
    if adobe is not None:
        out += segment(0xEE, b"Adobe\0d\0\0\0\0" + bytes((adobe,)))
    out += segment(0xDB, b"\0" + bytes((step,)) * 64)
    frame = struct.pack(">BHHB", 8, height, width, count)
    for c in range(count):
        frame += bytes((ids[c], sampling[c][0] << 4 | sampling[c][1], 0))
    out += segment(0xC0, frame)
    for _, definition in tables.values():
        out += segment(0xC4, definition)
    if restart:
        out += segment(0xDD, struct.pack(">H", restart))
    scan = bytes((count,)) + b"".join(bytes((ids[c], 0 if c == 0 else 0x11)) for c in range(count)) + b"\0\x3f\0"
    return out + segment(0xDA, scan) + scans + b"\xff\xd9"


# ---- PNG
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _packed(array, bits):
    rows = array.reshape(array.shape[0], -1)
    if bits == 16:
        return rows.astype(">u2").view(np.uint8).reshape(rows.shape[0], -1)
    if bits == 8:
        return rows.astype(np.uint8)
    each = np.unpackbits(rows.astype(np.uint8)[:, :, None], axis=2)[:, :, 8 - bits:]
    return np.packbits(each.reshape(rows.shape[0], -1), axis=1)


def png(array, bits, color, palette=None, trns=None, interlaced=False, chunks=(), split=0):
    height, width = array.shape[:2]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] if interlaced else [(0, 0, 1, 1)]
    raw = b""
    for x, y, dx, dy in passes:
        part = array[y::dy, x::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in _packed(part, bits))
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced))
    for kind, data in chunks:
        out += chunk(kind, data)
    if palette is not None:
        out += chunk(b"PLTE", bytes(palette))
    if trns is not None:
        out += chunk(b"tRNS", trns)
    data = zlib.compress(raw)
    size = split or len(data)
    for i in range(0, len(data), size):
        out += chunk(b"IDAT", data[i:i + size])
    return out + chunk(b"IEND", b"")


# ---- GIF
def gif(index, palette, local=None, interlaced=False, transparent=None, screen=None, at=(0, 0), background=0, blocks=b"",
        clear=False, first_clear=True, block=255, bits=None):
    height, width = index.shape
    screen = screen or (width, height)

    def size(p):
        return max(0, int(np.ceil(np.log2(len(p) // 3))) - 1)
    used = local if local is not None else palette
    bits = max(2, bits or (size(used) + 1 if used is not None else 8))
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80 | size(palette) if palette is not None else 0, background, 0)
    out += bytes(palette) if palette is not None else b""
    out += blocks
    if transparent is not None:
        out += b"!\xf9\4\1\0\0" + bytes((transparent,)) + b"\0"
    flags = (0x80 | size(local) if local is not None else 0) | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<4HB", *at, width, height, flags) + (bytes(local) if local is not None else b"") + bytes((bits,))
    order = [y for a, b in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(a, height, b)] if interlaced else range(height)
    pixels = bytes(np.concatenate([index[y] for y in order]).astype(np.uint8))
    CLEAR, END = 1 << bits, (1 << bits) + 1
    stream, length, filled = 0, 0, 0

    def put(code, wide):
        nonlocal stream, length
        stream |= code << length
        length += wide
    wide, table = bits + 1, {bytes((i,)): i for i in range(CLEAR)}
    free = END + 1
    if first_clear:
        put(CLEAR, wide)
    word = b""
    for p in pixels:
        longer = word + bytes((p,))
        if longer in table:
            word = longer
            continue
        put(table[word], wide)
        if free < 4096:
            table[longer] = free
            if free == 1 << wide and wide < 12:
                wide += 1
            free += 1
        elif clear:
            put(CLEAR, wide)
            wide, table, free = bits + 1, {bytes((i,)): i for i in range(CLEAR)}, END + 1
        word = bytes((p,))
    put(table[word], wide)
    if free == 1 << wide and wide < 12:
        wide += 1
    put(END, wide)
    data = stream.to_bytes((length + 7) // 8, "little")
    for i in range(0, len(data), block):
        out += bytes((len(data[i:i + block]),)) + data[i:i + block]
    return out + b"\0;"


# ---- BMP
def bmp(array, bits, header=40, palette=None, top_down=False, masks=None, rle=None, colors=0, gap=0, compression=None):
    height, width = array.shape[:2]
    if rle:
        data = _rle(array, bits, rle)
        packed = 1 if bits == 8 else 2
    else:
        packed = 3 if masks else 0
        if bits == 16:
            r, g, b = masks[:3] if masks else (0x7C00, 0x3E0, 0x1F)
            word = np.zeros((height, width), int)
            for c, mask in enumerate((r, g, b)):
                shift, wide = (mask & -mask).bit_length() - 1, bin(mask).count("1")
                word |= (array[:, :, c].astype(int) >> 8 - wide) << shift
            raw = word.astype("<u2").view(np.uint8).reshape(height, -1)
        elif bits == 24:
            raw = array[:, :, ::-1].reshape(height, -1)
        elif bits == 32:
            r, g, b, a = (tuple(masks) + (0,))[:4] if masks else (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
            word = np.zeros((height, width), np.int64)
            for c, mask in enumerate((r, g, b, a)):
                if mask:
                    word |= array[:, :, c].astype(np.int64) << ((mask & -mask).bit_length() - 1)
            raw = word.astype("<u4").view(np.uint8).reshape(height, -1)
        else:
            raw = _packed(array, bits)
        raw = np.pad(raw, ((0, 0), (0, -raw.shape[1] % 4)))
        data = (raw if top_down else raw[::-1]).tobytes()
    table = b"" if palette is None else b"".join(bytes((int(b), int(g), int(r))) + (b"" if header == 12 else b"\0") for r, g, b in palette)
    if palette is not None and not colors:
        table = table.ljust((3 if header == 12 else 4) << bits, b"\0")
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits,
                           packed if compression is None else compression, len(data), 2835, 2835, colors, 0)
        if masks:
            info += struct.pack("<" + "I" * (4 if header > 52 else 3), *(tuple(masks) + (0,))[:4 if header > 52 else 3])
        info = info.ljust(max(header, len(info)), b"\0")
    offset = 14 + len(info) + len(table) + gap
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + table + b"\0" * gap + data


def _rle(array, bits, kind):
    out = b""
    for y, row in enumerate(array[::-1]):
        row = [int(v) for v in row]
        if kind == "short_lines":
            row = row[:len(row) - y % 4]
        x = 0
        while x < len(row):
            if kind == "delta" and x == 4 and y % 2:
                out += b"\0\2\3\0"
                x += 3
                continue
            n = 1
            while x + n < len(row) and n < 255 and row[x + n] == row[x]:
                n += 1
            count = {"absolute": 6, "absolute_odd": 5}.get(kind, 99)
            if x + count <= len(row):
                part = row[x:x + count]
                data = bytes(part) if bits == 8 else bytes(a << 4 | b for a, b in zip(part[::2], part[1::2] + [0]))
                out += bytes((0, count)) + data + b"\0" * (len(data) % 2)
                x += count
                continue
            out += bytes((n, row[x] if bits == 8 else row[x] << 4 | row[x]))
            x += n
        if y < len(array) - 1 or kind != "no_end":
            out += b"\0\0"
    return out + (b"" if kind == "no_end" else b"\0\1")


# ---- WebP
def riff(chunks):
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def webp_frame(single, canvas, at, size):
    """An animation of one frame that is smaller than its canvas."""
    def three(v):
        return struct.pack("<I", v)[:3]
    body = three(at[0] // 2) + three(at[1] // 2) + three(size[0] - 1) + three(size[1] - 1) + three(100) + b"\0" + single[12:]
    x = b"VP8X" + struct.pack("<I", 10) + b"\x12\0\0\0" + three(canvas[0] - 1) + three(canvas[1] - 1)
    anim = b"ANIM" + struct.pack("<IIH", 6, 0xFF102030, 0)
    return riff(x + anim + b"ANMF" + struct.pack("<I", len(body)) + body)


# ---- TIFF
def tiff(array, bits=8, order="<", photometric=None, rows=None, tile=None, planar=False, deflate=False, tags=None, cut=0, longs=(), drop=()):
    height, width = array.shape[:2]
    samples = 1 if array.ndim == 2 else array.shape[2]
    array = array.reshape(height, width, samples)
    if photometric is None:
        photometric = 2 if samples >= 3 else 1
    planes = [array[:, :, c:c + 1] for c in range(samples)] if planar else [array]

    def packed(part):
        if bits == 16:
            data = part.astype(order + "u2").tobytes()
        else:
            data = b"".join(row.tobytes() for row in _packed(part, bits))
        return zlib.compress(data) if deflate else data
    parts = []
    for plane in planes:
        if tile:
            for y in range(0, height, tile[1]):
                for x in range(0, width, tile[0]):
                    part = plane[y:y + tile[1], x:x + tile[0]]
                    parts.append(packed(np.pad(part, ((0, tile[1] - part.shape[0]), (0, tile[0] - part.shape[1]), (0, 0)))))
        else:
            for y in range(0, height, rows or height):
                parts.append(packed(plane[y:y + (rows or height)]))
    data = b"".join(parts)
    offsets = [8 + sum(map(len, parts[:i])) for i in range(len(parts))]
    entries = {256: [width], 257: [height], 258: [bits] * samples, 259: [8 if deflate else 1], 262: [photometric], 277: [samples],
               284: [2 if planar else 1], 273 if not tile else 324: offsets, 279 if not tile else 325: [len(p) for p in parts]}
    if tile:
        entries.update({322: [tile[0]], 323: [tile[1]]})
    else:
        entries[278] = [rows or height]
    entries.update(tags or {})
    for tag in drop:
        del entries[tag]
    if cut:
        data = data[:-cut]
    at = 8 + len(data) + len(data) % 2
    body, extra = struct.pack(order + "H", len(entries)), b""
    after = at + 2 + 12 * len(entries) + 4
    for tag, values in sorted(entries.items()):
        wide = tag in (256, 257, 273, 279, 322, 323, 324, 325, *longs)
        content = struct.pack(order + ("I" if wide else "H") * len(values), *map(int, values))
        if len(content) > 4:
            pointer = struct.pack(order + "I", after + len(extra))
            extra += content + b"\0" * (len(content) % 2)
        else:
            pointer = content.ljust(4, b"\0")
        body += struct.pack(order + "HHI", tag, 4 if wide else 3, len(values)) + pointer
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at)
    return head + data + b"\0" * (len(data) % 2) + body + b"\0" * 4 + extra
