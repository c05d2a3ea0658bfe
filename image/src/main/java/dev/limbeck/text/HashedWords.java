package dev.limbeck.text;

import dev.limbeck.LimbeckException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * Hash words, pairs of neighboring words and runs of four letters, after fastText (Joulin et al. 2017, arXiv 1607.01759). There is no
 * vocabulary: an id is 1 + CRC32 modulo the number of buckets; 0 fills shorter rows. The ids are a bag: words, then pairs, then runs.
 * For networks that read texts in order they are words alone, one id each.
 *
 * @param buckets number of different ids
 * @param most maximum number of ids of a text
 * @param inOrder whether ids are words alone
 */
public record HashedWords(int buckets, int most, boolean inOrder) implements Tokenizer {
    /** Key of the metadata. */
    static final String SIZE = "buckets";

    /** Key of the metadata of words alone; a bag has none. */
    static final String PARTS = "parts";

    private static final String WORDS = "words";

    /** The number of buckets where nothing else is set. */
    public static final int BUCKETS = 1 << 14;

    private static final int MOST = 1024;
    private static final int MOST_BUCKETS = 1 << 24;
    private static final int MOST_OF_ALL = 1 << 20;
    private static final int RUN = 4;
    private static final Pattern WORD = Pattern.compile("\\w+|[^\\w\\s]", Pattern.UNICODE_CHARACTER_CLASS);

    public HashedWords {
        if (buckets < 1 || buckets > MOST_BUCKETS || most < 1 || most > MOST_OF_ALL) {
            throw new LimbeckException("buckets must be 1 to " + MOST_BUCKETS + " and ids of a text 1 to " + MOST_OF_ALL
                    + ", found " + buckets + " and " + most);
        }
    }

    /** Hash words, pairs and runs: a bag. */
    public HashedWords(int buckets, int most) {
        this(buckets, most, false);
    }

    /** Return the default settings, of a bag. */
    public static HashedWords defaults() {
        return new HashedWords(BUCKETS, MOST);
    }

    /** Return the same for words alone, in the order of the text. */
    public HashedWords ordered() {
        return new HashedWords(buckets, most, true);
    }

    /** Read the metadata of a saved model. */
    static HashedWords of(Map<String, String> metadata) {
        String parts = metadata.get(PARTS);
        if (parts != null && !parts.equals(WORDS)) {
            throw new LimbeckException(PARTS + " must be " + WORDS + ", found '" + parts + "'; export it again");
        }
        return new HashedWords(
                TextPreprocessing.number(metadata, SIZE, BUCKETS),
                TextPreprocessing.number(metadata, TextPreprocessing.MOST_IDS, MOST),
                parts != null);
    }

    /** {@inheritDoc} A bag has at least one, and words alone one for each word. */
    @Override
    public long[] encode(String text) {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(text.toLowerCase(Locale.ROOT));
        while (matcher.find()) words.add(matcher.group());
        long[] ids = new long[most];
        int count = 0;
        for (int i = 0; i < words.size() && count < most; i++) ids[count++] = id(words.get(i));
        if (inOrder) return Arrays.copyOf(ids, count);
        for (int i = 0; i <= words.size() && count < most; i++) {
            String left = i == 0 ? "<s>" : words.get(i - 1);
            ids[count++] = id(left + " " + (i == words.size() ? "</s>" : words.get(i)));
        }
        for (int i = 0; i < words.size() && count < most; i++) {
            String marked = "<" + words.get(i) + ">";
            for (int k = 0; k + RUN <= marked.length() && count < most; k++) {
                ids[count++] = id("#" + marked.substring(k, k + RUN));
            }
        }
        return Arrays.copyOf(ids, count);
    }

    private long id(String piece) {
        CRC32 sum = new CRC32();
        sum.update(piece.getBytes(StandardCharsets.UTF_8));
        return 1 + sum.getValue() % buckets;
    }

    @Override
    public Kind kind() {
        return inOrder ? Kind.WORDS : Kind.BAG;
    }

    @Override
    public HashedWords withMost(int other) {
        return new HashedWords(buckets, other, inOrder);
    }

    @Override
    public int size() {
        return buckets + 1;
    }

    @Override
    public long pad() {
        return 0;
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(SIZE, String.valueOf(buckets));
        metadata.put(TextPreprocessing.MOST_IDS, String.valueOf(most));
        if (inOrder) metadata.put(PARTS, WORDS);
        return metadata;
    }

    @Override
    public String identity() {
        return toMetadata().toString();
    }
}
