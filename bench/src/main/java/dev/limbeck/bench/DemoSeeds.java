package dev.limbeck.bench;

import dev.limbeck.cli.Demo;
import dev.limbeck.cli.DemoKind;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TemporaryFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/** Run the demo for a range of seeds: {@code DemoSeeds FIRST LAST [text|table] [quick]}. */
public final class DemoSeeds {
    private DemoSeeds() {}

    public static void main(String[] args) throws IOException {
        List<String> words = List.of(args);
        DemoKind kind = Stream.of(DemoKind.values())
                .filter(one -> words.contains(one.toString()))
                .findFirst()
                .orElse(DemoKind.IMAGES);
        Demo demo = new Demo(kind.settings(words.contains("quick")), RunContext.silent());
        PairedTable table = new PairedTable(System.out);
        for (int seed = Integer.parseInt(args[0]); seed <= Integer.parseInt(args[1]); seed++) {
            Path folder = TemporaryFolder.create();
            try {
                Demo.Result result = demo.run(seed, folder);
                table.add(
                        seed,
                        result.teacher().accuracy(),
                        result.alone().accuracy(),
                        result.distilled().accuracy(),
                        result.teacher().seconds()
                                + result.alone().seconds()
                                + result.distilled().seconds());
            } finally {
                FileUtils.deleteDirectory(folder.toFile());
            }
        }
        table.finish();
    }
}
