package dev.limbeck.text;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
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
 * Prepare texts as bags of hashed words, pairs of neighboring words and runs of four letters, after fastText (Joulin et al. 2017, arXiv
 * 1607.01759). There is no vocabulary: an id is 1 + CRC32 modulo the number of buckets; 0 fills shorter rows.
 *
 * @param column the column of the text in tables
 * @param buckets number of different ids
 * @param most ids of one text; later ones are left out
 */
public record TextPreprocessing(String column, int buckets, int most) implements Preprocessing {
    /** The kind of data. */
    public static final String KIND = "text";

    /** The number of buckets where nothing else is set. */
    public static final int BUCKETS = 1 << 14;

    private static final int MOST = 1024;
    private static final int RUN = 4;
    private static final String COLUMN = "text_column";
    private static final String SIZE = "buckets";
    private static final String LONGEST = "most_ids";
    private static final Pattern WORD = Pattern.compile("\\w+|[^\\w\\s]", Pattern.UNICODE_CHARACTER_CLASS);

    public TextPreprocessing {
        if (buckets < 1 || most < 1) {
            throw new LimbeckException(
                    "buckets and ids of a text must be at least 1, found " + buckets + " and " + most);
        }
    }

    /** Return the preprocessing of a column with default settings. */
    public static TextPreprocessing of(String column) {
        return new TextPreprocessing(column, BUCKETS, MOST);
    }

    /** Return whether metadata contains such a preprocessing. */
    public static boolean isIn(Map<String, String> metadata) {
        return metadata.containsKey(SIZE);
    }

    /** Return the ids of a text; at least one. */
    public long[] encode(String text) {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(text.toLowerCase(Locale.ROOT));
        while (matcher.find()) words.add(matcher.group());
        long[] ids = new long[most];
        int count = 0;
        for (int i = 0; i < words.size() && count < most; i++) ids[count++] = id(words.get(i));
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
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(COLUMN, column);
        metadata.put(SIZE, String.valueOf(buckets));
        metadata.put(LONGEST, String.valueOf(most));
        return metadata;
    }

    @Override
    public TextPreprocessing with(Map<String, String> said) {
        return new TextPreprocessing(
                said.getOrDefault(COLUMN, column), number(said, SIZE, buckets), number(said, LONGEST, most));
    }

    private static int number(Map<String, String> said, String key, int other) {
        try {
            return said.containsKey(key) ? Integer.parseInt(said.get(key)) : other;
        } catch (NumberFormatException e) {
            throw new LimbeckException(
                    key + " must be a whole number, found '" + said.get(key) + "'; export it again", e);
        }
    }

    @Override
    public String identity() {
        return KIND + " " + toMetadata();
    }
}
