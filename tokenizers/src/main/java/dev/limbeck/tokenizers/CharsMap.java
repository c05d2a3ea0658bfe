package dev.limbeck.tokenizers;

import dev.limbeck.LimbeckException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * Check a compiled map of characters, as SentencePiece writes them: the length of a double-array trie in bytes, the trie (32 bits a unit,
 * little-endian), and the replacements, each ended by a zero byte. The native library trusts every offset in it.
 */
final class CharsMap {
    private static final int UNIT = 4;
    /** Bytes of one replacement; the longest that Unicode has takes 33. */
    private static final int LONGEST = 64;

    private CharsMap() {}

    /**
     * Check that walks through the trie stay inside it, and that its values are starts of texts.
     *
     * @throws LimbeckException if not
     */
    static void check(byte... map) {
        ByteBuffer buffer = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
        int bytes = map.length < UNIT ? -1 : buffer.getInt();
        if (bytes < UNIT || bytes % UNIT != 0 || bytes > buffer.remaining()) throw damaged("its trie's length");
        int[] units = new int[bytes / UNIT];
        for (int i = 0; i < units.length; i++) units[i] = buffer.getInt();
        BitSet starts = starts(map, buffer.position());
        Deque<Integer> left = new ArrayDeque<>();
        BitSet seen = new BitSet(units.length);
        left.add(offset(units[0]));
        while (!left.isEmpty()) {
            int node = left.pop();
            // A step to a byte lands in the node's block of 256; the library reads it before it compares labels.
            if (node < 0 || (node | 0xff) >= units.length) throw damaged("a node beyond its trie");
            if (seen.get(node)) continue;
            seen.set(node);
            for (int label = 1; label < 256; label++) {
                int unit = units[node ^ label];
                if ((unit & 0x800000ff) != label) continue;
                int next = node ^ label ^ offset(unit);
                left.push(next);
                if ((unit >>> 8 & 1) == 0) continue;
                if (next < 0 || next >= units.length || !starts.get(units[next] & 0x7fffffff)) {
                    throw damaged("a value beyond its texts");
                }
            }
        }
    }

    /** Return where texts of whole characters may start, relative to the first. */
    private static BitSet starts(byte[] map, int from) {
        CharBuffer texts;
        try {
            texts = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(map, from, map.length - from));
        } catch (CharacterCodingException e) {
            throw damaged("its texts are not UTF-8");
        }
        if (texts.isEmpty()) throw damaged("its texts");
        BitSet starts = new BitSet(map.length - from);
        int length = 0;
        for (int at = map.length - 1; at >= from; at--) {
            length = map[at] == 0 ? 0 : length + 1;
            boolean isStart = (map[at] & 0xc0) != 0x80;
            if (isStart && length <= LONGEST) starts.set(at - from);
        }
        return starts;
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    private static LimbeckException damaged(String what) {
        return new LimbeckException(
                "the tokenizer's map of characters is damaged: " + what + "; copy or export it again");
    }
}
