package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.text.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** List the readers of tokenizers and of folders of transformers. */
public final class ModelTargets {
    private static final String WORDS = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\n";

    private ModelTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(
                Target.of("tokenizer-json", Mutators.text(), ModelTargets::tokenizer)
                        .called("tokenizer.json")
                        .allowing(4000),
                Target.of("tokenizer-words", Mutators.text(), ModelTargets::tokenizer)
                        .called("vocab.txt")
                        .allowing(4000),
                Target.of("hugging-face", Mutators.text(), ModelTargets::folder).allowing(20_000));
    }

    /** Return the target whose files reach native code: kinds that limbeck-tokenizers reads. */
    public static List<Target> natives() {
        return List.of(Target.of("tokenizer-native", Mutators.text(), ModelTargets::tokenizer)
                .called("tokenizer.json")
                .allowing(4000));
    }

    private static long tokenizer(Path file) {
        Tokenizer tokenizer = TokenizerFiles.read(file);
        // What was read must encode any text to ids of its own.
        for (long id : tokenizer.encode("A b\u00e9\u4f60 [SEP] \ud83d\ude00 " + file.getFileName())) {
            if (id < 0 || id >= tokenizer.size()) throw new IllegalStateException("id " + id);
        }
        return 0;
    }

    private static long folder(Path file) throws IOException {
        Path folder = Files.createDirectories(file.resolveSibling("out"));
        Files.copy(file, folder.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
        Files.write(folder.resolve("vocab.txt"), WORDS.getBytes(StandardCharsets.UTF_8));
        Files.write(folder.resolve("model.safetensors"), new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'});
        HuggingFaceFolder read = HuggingFaceFolder.read(folder);
        try {
            read.open().close();
        } catch (LimbeckException e) {
            return 0;
        }
        throw new IllegalStateException("a model without weights was opened");
    }
}
