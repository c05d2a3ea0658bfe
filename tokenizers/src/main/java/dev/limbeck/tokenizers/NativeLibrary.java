package dev.limbeck.tokenizers;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.limbeck.LimbeckException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Load the native library from its jar. DJL's own loader is not used: it asks for CUDA, opens connections to report and to download, and
 * keeps its files below the user's home. This one reads the jar, writes a temporary file, and removes it.
 */
final class NativeLibrary {
    private static final String FAILURE = load();

    private NativeLibrary() {}

    /**
     * Return the library.
     *
     * @throws LimbeckException if it cannot be loaded on this system
     */
    static TokenizersLibrary get() {
        if (FAILURE.isEmpty()) return TokenizersLibrary.LIB;
        throw new LimbeckException(
                "the native library of tokenizers cannot be loaded (" + FAILURE
                        + "); name a temporary folder that libraries may be in (-Djava.io.tmpdir=…), or use a WordPiece tokenizer");
    }

    private static String load() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        boolean windows = os.startsWith("win");
        String system = windows ? "win" : os.startsWith("mac") ? "osx" : "linux";
        String arch = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64";
        List<String> names = new ArrayList<>();
        if (windows) names.addAll(List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll"));
        names.add(System.mapLibraryName("tokenizers"));
        try {
            Path folder = Files.createTempDirectory("limbeck-tokenizers");
            try {
                for (String name : names)
                    load("native/lib/" + system + "-" + arch + "/cpu/" + name, folder.resolve(name));
            } finally {
                // Windows keeps loaded files; they are removed at exit.
                folder.toFile().deleteOnExit();
                for (String name : names) {
                    Path file = folder.resolve(name);
                    if (windows) file.toFile().deleteOnExit();
                    else Files.deleteIfExists(file);
                }
                if (!windows) Files.deleteIfExists(folder);
            }
            return "";
        } catch (IOException | LinkageError | SecurityException e) {
            return LimbeckException.briefly(e);
        }
    }

    private static void load(String resource, Path to) throws IOException {
        ClassLoader loader = TokenizersLibrary.class.getClassLoader();
        try (InputStream in = loader.getResourceAsStream(resource)) {
            if (in == null) throw new FileNotFoundException("no " + resource + " on the class path");
            Files.copy(in, to, StandardCopyOption.REPLACE_EXISTING);
        }
        System.load(to.toString());
    }
}
