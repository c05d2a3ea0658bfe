import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Print the number of rows in a folder of cached outputs, and a SHA-256 over all of them in the order of their keys.
 */
public final class KeptRows {
    private static final int HEAD = 36;
    private static final int KEY = 16;

    public static void main(String[] arguments) throws Exception {
        TreeMap<String, byte[]> rows = new TreeMap<>();
        try (Stream<Path> files = Files.list(Path.of(arguments[0]))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".rows")).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                int count = head.getInt(12);
                int width = head.getInt(16);
                for (int i = 0; i < count; i++) {
                    String key = HexFormat.of().formatHex(bytes, HEAD + i * KEY, HEAD + (i + 1) * KEY);
                    int from = HEAD + count * KEY + i * width;
                    byte[] row = Arrays.copyOfRange(bytes, from, from + width);
                    byte[] other = rows.put(key, row);
                    if (other != null && !Arrays.equals(other, row)) throw new IllegalStateException("two answers to " + key);
                }
            }
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (var row : rows.entrySet()) {
            digest.update(HexFormat.of().parseHex(row.getKey()));
            digest.update(row.getValue());
        }
        System.out.println(rows.size() + " rows " + HexFormat.of().formatHex(digest.digest()));
    }
}
