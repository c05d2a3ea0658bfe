package dev.limbeck.data.text;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Make one input of a text: ids of int64, N×length, padded to the longest row of its batch. */
public record TextEncoding(TextPreprocessing text) implements RowEncoding {
    @Override
    public Preprocessing preprocessing() {
        return text;
    }

    @Override
    public List<String> columns() {
        return List.of(text.column());
    }

    @Override
    public TextEncoding withText(String column) {
        return new TextEncoding(new TextPreprocessing(column, text.tokenizer()));
    }

    @Override
    public List<InputSpec> inputs() {
        Tokenizer tokenizer = text.tokenizer();
        return List.of(InputSpec.ids(
                switch (tokenizer.kind()) {
                    case BAG -> InputSpec.IDS;
                    case WORDS -> InputSpec.WORDS;
                    case TOKENS -> InputSpec.TOKENS;
                },
                tokenizer.size(),
                tokenizer.pad(),
                InputSpec.FREE));
    }

    /** {@inheritDoc} The text is stripped, as texts of files are. */
    @Override
    public Encoded encode(String... cells) {
        return new Encoded(new float[0], text.tokenizer().encode(cells[0].strip()));
    }

    @Override
    public List<String> warnings(List<Encoded> rows) {
        int most = text.tokenizer().most();
        long cut = rows.stream().filter(row -> row.ids().length >= most).count();
        if (cut == 0) return List.of();
        return List.of(cut + " of " + rows.size() + " texts fill all " + most
                + " ids; what is longer is cut (max_tokens, --max-tokens)");
    }

    @Override
    public Inputs batch(List<Encoded> rows) {
        int longest = rows.stream().mapToInt(row -> row.ids().length).max().orElse(0);
        int length = Math.max(1, longest);
        long[] ids = new long[rows.size() * length];
        Arrays.fill(ids, text.tokenizer().pad());
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i).ids(), 0, ids, i * length, rows.get(i).ids().length);
        }
        return Inputs.of(Map.of(inputs().get(0).name(), Tensors.of(ids, rows.size(), length)));
    }
}
