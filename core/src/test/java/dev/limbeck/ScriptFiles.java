package dev.limbeck;

import dev.limbeck.tensor.Script;
import java.nio.file.Path;
import java.util.Map;

/** Write TorchScript files without weights. */
public final class ScriptFiles {
    private ScriptFiles() {}

    /**
     * Write a file.
     *
     * @param body statements of {@code forward(self, x)}, one per line
     * @param extra extra files, by name
     */
    public static void write(Path file, String body, Map<String, String> extra) {
        String source =
                "def forward(self, x: Tensor) -> Tensor:\n    " + body.strip().replace("\n", "\n    ") + "\n";
        try (Script script = Script.compile("Given", Map.of(), Map.of(), Map.of(), source)) {
            script.save(file, extra);
        }
    }
}
