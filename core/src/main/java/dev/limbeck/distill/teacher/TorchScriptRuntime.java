package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Script;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.bytedeco.pytorch.Tensor;

/**
 * Run TorchScript files, such as {@code torch.jit.trace(model, example).save("teacher.pt")} leaves in Python; save after
 * {@code model.eval()}. What was saved beside it as {@code _extra_files} is its metadata.
 */
public final class TorchScriptRuntime implements ModelRuntime {
    private static final String EXTRA = "/extra/";
    private static final long LARGEST_EXTRA = 1 << 20;

    /** A zip file with a program in it; a checkpoint of weights alone has none. */
    @Override
    public boolean runs(Path file) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            return zip.stream().anyMatch(entry -> entry.getName().contains("/code/"));
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public Running open(Path file) {
        Facts facts = new Facts("TorchScript", List.of(), List.of(), List.of(), extra(file));
        Script script = Script.load(file);
        return new Running() {
            @Override
            public Tensor forward(Tensor input) {
                return script.forward(input);
            }

            @Override
            public Facts facts() {
                return facts;
            }

            @Override
            public void close() {
                script.close();
            }
        };
    }

    private static Map<String, String> extra(Path file) {
        Map<String, String> found = new TreeMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                int at = entry.getName().indexOf(EXTRA);
                if (at < 0 || entry.isDirectory()) continue;
                byte[] bytes = zip.getInputStream(entry).readNBytes((int) LARGEST_EXTRA);
                found.put(entry.getName().substring(at + EXTRA.length()), new String(bytes, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new LimbeckException(file + " cannot be read: " + e.getMessage(), e);
        }
        return found;
    }
}
