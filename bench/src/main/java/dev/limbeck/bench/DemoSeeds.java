package dev.limbeck.bench;

import dev.limbeck.cli.Demo;
import java.util.List;

/** Run the demo for a range of seeds: {@code DemoSeeds FIRST LAST [quick]}. */
public final class DemoSeeds {
    private DemoSeeds() {}

    public static void main(String[] args) {
        boolean quick = List.of(args).contains("quick");
        Demo demo = new Demo(quick ? Demo.Settings.quick() : Demo.Settings.full(), line -> {}, List.of());
        PairedTable table = new PairedTable(System.out);
        for (int seed = Integer.parseInt(args[0]); seed <= Integer.parseInt(args[1]); seed++) {
            Demo.Result result = demo.run(seed);
            table.add(
                    seed,
                    result.teacher().accuracy(),
                    result.alone().accuracy(),
                    result.distilled().accuracy(),
                    result.teacher().seconds()
                            + result.alone().seconds()
                            + result.distilled().seconds());
        }
        table.finish();
    }
}
