package dev.limbeck.text;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Split words into the longest parts that a vocabulary has, between {@code [CLS]} and {@code [SEP]}, as BERT does (Devlin et al. 2019,
 * arXiv 1810.04805). The ids are those of Hugging Face's tokenizers, except where Java and Rust know another version of Unicode.
 */
public final class WordPiece implements Tokenizer {
    private static final String NAME = "wordpiece";
    private static final String VOCABULARY = "vocabulary";
    private static final String LOWERCASE = "lowercase";
    private static final String STRIP_ACCENTS = "strip_accents";
    private static final String SPLIT_CHINESE = "split_chinese";
    private static final String PREFIX = "##";
    private static final String UNKNOWN = "[UNK]";
    private static final String FIRST = "[CLS]";
    private static final String LAST = "[SEP]";
    private static final String PAD = "[PAD]";
    private static final String MORE = "marks";
    /** Words of the vocabulary that are cut out of texts: the first four must be in it. */
    public static final List<String> MARKS = List.of(UNKNOWN, FIRST, LAST, PAD, "[MASK]");

    private static final int NEEDED = 4;
    /** Each text is searched for each of them. */
    private static final int MOST_MARKS = 2000;
    /** Longer words are unknown, as in the reference. */
    private static final int LONGEST_WORD = 100;
    /** {@code [CLS]} and {@code [SEP]}. */
    private static final int LEAST = 2;

    private final List<String> vocabulary;
    private final Rules rules;
    private final int most;
    private final Map<String, Integer> ids = new HashMap<>();
    private final Map<String, Integer> marks = new LinkedHashMap<>();
    /** Marks besides BERT's own, sorted. */
    private final List<String> more;

    private final int longest;
    private final String identity;

    /**
     * Hold how texts are changed before they are split.
     *
     * @param lowercase whether letters become lower case
     * @param stripAccents whether accents are removed
     * @param splitChinese whether each Chinese character is a word
     */
    public record Rules(boolean lowercase, boolean stripAccents, boolean splitChinese) {
        /** Return the rules of uncased models. */
        public static Rules uncased() {
            return new Rules(true, true, true);
        }
    }

    /**
     * Create a tokenizer.
     *
     * @param vocabulary parts of words by id; parts inside a word start with {@code ##}
     * @param most maximum number of ids of a text, at least 2
     * @throws LimbeckException if a word occurs twice, or {@code [UNK]}, {@code [CLS]}, {@code [SEP]} or {@code [PAD]} is missing
     */
    public WordPiece(List<String> vocabulary, Rules rules, int most) {
        this(vocabulary, rules, most, List.of());
    }

    /**
     * Create a tokenizer with further words that are cut out of texts as they are written, such as {@code [unused0]}.
     *
     * @param given words of the vocabulary; BERT's own may be among them
     * @throws LimbeckException if one is not in the vocabulary, or there are more than 2,000
     */
    public WordPiece(List<String> vocabulary, Rules rules, int most, Collection<String> given) {
        this.vocabulary = List.copyOf(vocabulary);
        this.rules = rules;
        this.most = most;
        if (most < LEAST) throw new LimbeckException("a text must have at least 2 ids, found a limit of " + most);
        int longestSoFar = 0;
        for (int id = 0; id < vocabulary.size(); id++) {
            String word = vocabulary.get(id);
            if (ids.put(word, id) != null) {
                throw new LimbeckException("the vocabulary must have each word once, found '" + word + "' twice");
            }
            longestSoFar = Math.max(longestSoFar, word.length());
        }
        longest = longestSoFar;
        more = given.stream().filter(mark -> !MARKS.contains(mark)).sorted().toList();
        if (more.size() > MOST_MARKS) {
            throw new LimbeckException("a vocabulary may have " + MOST_MARKS + " marks, found " + more.size());
        }
        MARKS.subList(0, NEEDED).forEach(this::mark);
        if (ids.containsKey(MARKS.get(NEEDED))) mark(MARKS.get(NEEDED));
        more.forEach(this::mark);
        CRC32 sum = new CRC32();
        sum.update(String.join("\n", vocabulary).getBytes(StandardCharsets.UTF_8));
        sum.update(String.join("\n", more).getBytes(StandardCharsets.UTF_8));
        identity = NAME + " " + rules + " most=" + most + " vocabulary of " + vocabulary.size() + " words, CRC32 "
                + Long.toHexString(sum.getValue());
    }

    private void mark(String word) {
        Integer id = word.isEmpty() ? null : ids.get(word);
        if (id == null) {
            throw new LimbeckException("the vocabulary must have " + Printable.quote(word) + ", found none among "
                    + vocabulary.size() + " words");
        }
        marks.put(word, id);
    }

    /** Return whether metadata contains such a tokenizer. */
    static boolean isIn(Map<String, String> metadata) {
        return NAME.equals(metadata.get(TokenizerType.KIND));
    }

    /** Read the metadata of a saved model. */
    static WordPiece of(Map<String, String> metadata) {
        return new WordPiece(
                List.of(metadata.getOrDefault(VOCABULARY, "").split("\n", -1)),
                new Rules(
                        isTrue(metadata, LOWERCASE), isTrue(metadata, STRIP_ACCENTS), isTrue(metadata, SPLIT_CHINESE)),
                TextPreprocessing.number(metadata, TextPreprocessing.MOST_IDS, Integer.MAX_VALUE),
                metadata.containsKey(MORE) ? List.of(metadata.get(MORE).split("\n", -1)) : List.of());
    }

    private static boolean isTrue(Map<String, String> metadata, String key) {
        return Boolean.parseBoolean(metadata.get(key));
    }

    @Override
    public WordPiece withMost(int other) {
        return new WordPiece(vocabulary, rules, other, more);
    }

    @Override
    public long[] encode(String text) {
        Ids found = new Ids(most);
        found.add(marks.get(FIRST));
        // Marks that are written in a text are cut out before anything else.
        for (int at = 0; !found.isFull(); ) {
            int next = -1;
            String mark = "";
            for (String candidate : marks.keySet()) {
                int start = text.indexOf(candidate, at);
                boolean longer = start == next && candidate.length() > mark.length();
                if (start >= 0 && (next < 0 || start < next || longer)) {
                    next = start;
                    mark = candidate;
                }
            }
            split(cleaned(next < 0 ? text.substring(at) : text.substring(at, next)), found);
            if (next < 0) break;
            found.add(marks.get(mark));
            at = next + mark.length();
        }
        return found.closed(marks.get(LAST));
    }

    /** Remove control characters, make all white space a space, and apply the rules. */
    private String cleaned(String raw) {
        StringBuilder text = new StringBuilder(raw.length() + 16);
        raw.codePoints().forEach(c -> {
            if (c == 0 || c == 0xfffd || isControl(c)) return;
            if (isSpace(c)) text.append(' ');
            else if (rules.splitChinese && isChinese(c))
                text.append(' ').appendCodePoint(c).append(' ');
            else text.appendCodePoint(c);
        });
        String cleaned = text.toString();
        boolean isPlain = cleaned.chars().allMatch(c -> c < 128);
        if (rules.stripAccents && !isPlain) {
            StringBuilder bare = new StringBuilder(cleaned.length());
            Normalizer.normalize(cleaned, Normalizer.Form.NFD)
                    .codePoints()
                    .filter(c -> Character.getType(c) != Character.NON_SPACING_MARK)
                    .forEach(bare::appendCodePoint);
            cleaned = bare.toString();
        }
        return rules.lowercase ? lowered(cleaned) : cleaned;
    }

    /** Lower each character by itself; Java's own method looks at its neighbors. */
    private static String lowered(String text) {
        StringBuilder lower = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == 0x130) lower.append("i\u0307");
            else lower.appendCodePoint(Character.toLowerCase(c));
        });
        return lower.toString();
    }

    private void split(String text, Ids found) {
        int start = -1;
        for (int i = 0; i < text.length() && !found.isFull(); ) {
            int c = text.codePointAt(i);
            int next = i + Character.charCount(c);
            boolean alone = isPunctuation(c);
            if (alone || isSpace(c)) {
                if (start >= 0) word(text.substring(start, i), found);
                if (alone) word(text.substring(i, next), found);
                start = -1;
            } else if (start < 0) {
                start = i;
            }
            i = next;
        }
        if (start >= 0 && !found.isFull()) word(text.substring(start), found);
    }

    private void word(String word, Ids found) {
        int before = found.count;
        if (word.codePointCount(0, word.length()) > LONGEST_WORD) {
            found.add(marks.get(UNKNOWN));
            return;
        }
        for (int start = 0; start < word.length(); ) {
            int end = Math.min(word.length(), start + longest);
            Integer id = null;
            for (; end > start; end--) {
                String part = word.substring(start, end);
                id = ids.get(start == 0 ? part : PREFIX + part);
                if (id != null) break;
            }
            if (id == null) {
                found.count = before;
                found.add(marks.get(UNKNOWN));
                return;
            }
            found.add(id);
            start = end;
        }
    }

    private static boolean isSpace(int c) {
        return c == '\t' || c == '\n' || c == '\r' || c == 0x85 || Character.isSpaceChar(c);
    }

    private static boolean isControl(int c) {
        if (c == '\t' || c == '\n' || c == '\r') return false;
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE -> true;
            default -> false;
        };
    }

    /** Return whether a character is punctuation; all ASCII characters but letters, digits and spaces are. */
    private static boolean isPunctuation(int c) {
        if (c < 128) return c > ' ' && c < 127 && !Character.isLetterOrDigit(c);
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    /** Return whether a character is in the blocks of CJK ideographs that BERT splits; kana and Hangul are not. */
    private static boolean isChinese(int c) {
        return c >= 0x4e00 && c <= 0x9fff
                || c >= 0x3400 && c <= 0x4dbf
                || c >= 0xf900 && c <= 0xfaff
                || c >= 0x20000 && c <= 0x2a6df
                || c >= 0x2a700 && c <= 0x2b73f
                || c >= 0x2b740 && c <= 0x2b81f
                || c >= 0x2b920 && c <= 0x2ceaf
                || c >= 0x2f800 && c <= 0x2fa1f;
    }

    @Override
    public Kind kind() {
        return Kind.TOKENS;
    }

    @Override
    public int most() {
        return most;
    }

    @Override
    public int size() {
        return vocabulary.size();
    }

    @Override
    public long pad() {
        return marks.get(PAD);
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(TokenizerType.KIND, NAME);
        metadata.put(LOWERCASE, String.valueOf(rules.lowercase));
        metadata.put(STRIP_ACCENTS, String.valueOf(rules.stripAccents));
        metadata.put(SPLIT_CHINESE, String.valueOf(rules.splitChinese));
        metadata.put(TextPreprocessing.MOST_IDS, String.valueOf(most));
        metadata.put(VOCABULARY, String.join("\n", vocabulary));
        if (!more.isEmpty()) metadata.put(MORE, String.join("\n", more));
        return metadata;
    }

    @Override
    public String identity() {
        return identity;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WordPiece piece
                && piece.most == most
                && piece.rules.equals(rules)
                && piece.more.equals(more)
                && piece.vocabulary.equals(vocabulary);
    }

    @Override
    public int hashCode() {
        return identity.hashCode();
    }

    @Override
    public String toString() {
        return identity;
    }

    /** Collect ids up to a limit. A word may pass it; {@link #closed} cuts the rest. */
    private static final class Ids {
        private final int most;
        private int[] values = new int[64];
        private int count;

        Ids(int most) {
            this.most = most;
        }

        void add(int id) {
            if (count == values.length) values = Arrays.copyOf(values, 2 * count);
            values[count++] = id;
        }

        boolean isFull() {
            return count >= most;
        }

        long[] closed(int last) {
            int length = Math.min(count, most - 1);
            long[] ids = new long[length + 1];
            for (int i = 0; i < length; i++) ids[i] = values[i];
            ids[length] = last;
            return ids;
        }
    }
}
