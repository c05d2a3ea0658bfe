package dev.limbeck.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** Mutate chunk-based images: PNG, whose pixels are mutated before compression, RIFF, and the segments of JPEG. */
abstract class Chunks extends Parts<byte[]> {
    private static final Bytes BYTES = new Bytes();
    private static final int MOST_INFLATED = 1 << 16;

    @Override
    byte[] change(byte[] part, Choices choices) {
        return BYTES.mutate(part, choices);
    }

    /** Mutate PNG; a part is a chunk's name and data. */
    static Chunks png() {
        return new Chunks() {
            private static final int NAME = 4;

            @Override
            List<byte[]> split(byte[] file) {
                ByteBuffer in = ByteBuffer.wrap(file).position(8);
                List<byte[]> chunks = new ArrayList<>();
                while (in.hasRemaining()) {
                    byte[] chunk = slice(file, in.position() + 4, in.getInt() + (long) NAME);
                    in.position(in.position() + chunk.length).getInt();
                    chunks.add(chunk);
                }
                return chunks;
            }

            @Override
            byte[] join(List<byte[]> parts, Choices choices) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
                for (byte[] chunk : parts) {
                    CRC32 sum = new CRC32();
                    sum.update(chunk);
                    out.writeBytes(ByteBuffer.allocate(chunk.length + 2 * Integer.BYTES)
                            .putInt(Math.max(0, chunk.length - NAME))
                            .put(chunk)
                            .putInt((int) sum.getValue())
                            .array());
                }
                return out.toByteArray();
            }

            @Override
            byte[] change(byte[] part, Choices choices) {
                boolean pixels = part.length > NAME && part[0] == 'I' && part[1] == 'D' && !choices.oneIn(4);
                byte[] data = Arrays.copyOfRange(part, NAME, part.length);
                byte[] changed = pixels ? deflated(BYTES.mutate(inflated(data), choices)) : super.change(data, choices);
                byte[] chunk = Arrays.copyOf(part, NAME + changed.length);
                System.arraycopy(changed, 0, chunk, NAME, changed.length);
                return chunk;
            }
        };
    }

    /** Mutate RIFF, the container of WebP; a part is a chunk's name and data. */
    static Chunks riff() {
        return new Chunks() {
            private static final int HEAD = 12;

            @Override
            List<byte[]> split(byte[] file) {
                ByteBuffer in =
                        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).position(HEAD);
                List<byte[]> chunks = new ArrayList<>();
                while (in.remaining() >= 8) {
                    int name = in.getInt();
                    byte[] data = slice(file, in.position() + 4, in.getInt());
                    in.position(in.position() + data.length);
                    if (data.length % 2 == 1 && in.hasRemaining()) in.get();
                    chunks.add(ByteBuffer.allocate(4 + data.length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putInt(name)
                            .put(data)
                            .array());
                }
                return chunks;
            }

            @Override
            byte[] join(List<byte[]> parts, Choices choices) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                for (byte[] chunk : parts) {
                    if (chunk.length < 4) continue;
                    int length = chunk.length - 4;
                    out.write(chunk, 0, 4);
                    out.writeBytes(ByteBuffer.allocate(4)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putInt(length)
                            .array());
                    out.write(chunk, 4, length);
                    if (length % 2 == 1) out.write(0);
                }
                return ByteBuffer.allocate(HEAD + out.size())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put(new byte[] {'R', 'I', 'F', 'F'})
                        .putInt(4 + out.size())
                        .put(new byte[] {'W', 'E', 'B', 'P'})
                        .put(out.toByteArray())
                        .array();
            }
        };
    }

    /** Mutate JPEG; a part is a marker's code and its segment, with the compressed data after a start of scan. */
    static Chunks jpeg() {
        return new Chunks() {
            private static final int START_OF_SCAN = 0xda;

            @Override
            List<byte[]> split(byte[] file) {
                List<byte[]> parts = new ArrayList<>();
                for (int at = 2; at + 4 <= file.length; ) {
                    int code = file[at + 1] & 0xff;
                    int end = at + 2 + ((file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff);
                    if (code == START_OF_SCAN) {
                        while (end + 1 < file.length && !isMarker(file, end)) end++;
                    }
                    if (end > file.length || (file[at] & 0xff) != 0xff) throw new IllegalArgumentException();
                    byte[] part = new byte[end - at - 3];
                    part[0] = (byte) code;
                    System.arraycopy(file, at + 4, part, 1, end - at - 4);
                    parts.add(part);
                    at = end;
                }
                return parts;
            }

            private static boolean isMarker(byte[] file, int at) {
                int code = file[at + 1] & 0xff;
                return (file[at] & 0xff) == 0xff && code != 0 && (code < 0xd0 || code > 0xd7);
            }

            @Override
            byte[] join(List<byte[]> parts, Choices choices) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                out.writeBytes(new byte[] {(byte) 0xff, (byte) 0xd8});
                for (byte[] part : parts) {
                    if (part.length == 0) continue;
                    boolean scan = (part[0] & 0xff) == START_OF_SCAN && part.length > 1;
                    int length = scan ? 6 + 2 * part[1] : part.length + 1;
                    out.writeBytes(new byte[] {(byte) 0xff, part[0], (byte) (length >> 8), (byte) length});
                    out.write(part, 1, part.length - 1);
                }
                out.writeBytes(new byte[] {(byte) 0xff, (byte) 0xd9});
                return out.toByteArray();
            }
        };
    }

    private static byte[] inflated(byte[] data) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(data);
            byte[] out = new byte[MOST_INFLATED];
            return Arrays.copyOf(out, inflater.inflate(out));
        } catch (DataFormatException e) {
            return data;
        } finally {
            inflater.end();
        }
    }

    private static byte[] deflated(byte[] data) {
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        try {
            deflater.setInput(data);
            deflater.finish();
            byte[] out = new byte[data.length + data.length / 8 + 64];
            return Arrays.copyOf(out, deflater.deflate(out));
        } finally {
            deflater.end();
        }
    }
}
