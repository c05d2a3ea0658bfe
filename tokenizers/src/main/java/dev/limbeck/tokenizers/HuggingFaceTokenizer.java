package dev.limbeck.tokenizers;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.text.TokenizerType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Encode texts with a BPE or Unigram model between the marks of its file, as Hugging Face's tokenizers do. */
final class HuggingFaceTokenizer implements Tokenizer {
    /** Used if a file does not name the token that fills rows. */
    private static final List<String> PADS = List.of("<pad>", "[PAD]");

    private static final Pattern LONE_SURROGATE = Pattern.compile("\\p{Cs}");

    private final TokenizerJson json;
    private final NativeTokenizer tokenizer;
    private final String padToken;
    private final long pad;
    private final int most;

    private HuggingFaceTokenizer(TokenizerJson json, String padToken, int most) {
        int marks = json.before().size() + json.after().size();
        if (most <= marks) {
            throw new LimbeckException("a text must have at least " + (marks + 1) + " ids, found a limit of " + most
                    + "; raise it (max_tokens, --max-tokens)");
        }
        Integer id = json.ids().get(padToken);
        if (id == null) {
            throw new LimbeckException("the tokenizer must have the token '" + Printable.quote(padToken)
                    + "' that fills shorter texts, found none among " + json.size() + "; add it, or name another as "
                    + "pad_token in tokenizer_config.json");
        }
        this.json = json;
        this.padToken = padToken;
        this.most = most;
        pad = id;
        tokenizer = NativeTokenizer.of(json);
    }

    static HuggingFaceTokenizer of(Map<String, String> metadata) {
        TokenizerJson json = TokenizerJson.of(metadata.getOrDefault(TokenizerType.JSON, ""));
        String kind = metadata.getOrDefault(TokenizerType.KIND, json.kind());
        if (!kind.equals(json.kind())) {
            throw new LimbeckException("the tokenizer must be of the kind " + json.kind() + ", found '"
                    + Printable.quote(kind) + "'; export it again");
        }
        String pad = metadata.get(TokenizerType.PAD);
        if (pad == null) {
            pad = PADS.stream().filter(json.ids()::containsKey).findFirst().orElse(PADS.get(0));
        }
        return new HuggingFaceTokenizer(json, pad, number(metadata.get(TokenizerType.MOST)));
    }

    private static int number(String said) {
        try {
            return Integer.parseInt(said);
        } catch (NumberFormatException e) {
            throw new LimbeckException(
                    TokenizerType.MOST + " must be a whole number, found '" + Printable.quote(String.valueOf(said))
                            + "'; export it again",
                    e);
        }
    }

    @Override
    public long[] encode(String text) {
        // Half a character stands for none, and would spoil the others on the way to the native library.
        long[] ids = tokenizer.encode(LONE_SURROGATE.matcher(text).replaceAll("\ufffd"));
        int marks = json.before().size() + json.after().size();
        int length = Math.min(ids.length, most - marks);
        long[] all = new long[length + marks];
        int at = 0;
        for (int mark : json.before()) all[at++] = mark;
        System.arraycopy(ids, 0, all, at, length);
        at += length;
        for (int mark : json.after()) all[at++] = mark;
        return all;
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
    public HuggingFaceTokenizer withMost(int other) {
        return new HuggingFaceTokenizer(json, padToken, other);
    }

    @Override
    public int size() {
        return json.size();
    }

    @Override
    public long pad() {
        return pad;
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(TokenizerType.KIND, json.kind());
        metadata.put(TokenizerType.PAD, padToken);
        metadata.put(TokenizerType.MOST, String.valueOf(most));
        metadata.put(TokenizerType.JSON, json.content());
        return metadata;
    }

    @Override
    public String identity() {
        return json.kind() + " most=" + most + " vocabulary of " + json.size() + " tokens, CRC32 " + json.checksum();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HuggingFaceTokenizer one && one.most == most && one.pad == pad && one.json.equals(json);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(new int[] {most, (int) pad, json.hashCode()});
    }

    @Override
    public String toString() {
        return identity();
    }
}
