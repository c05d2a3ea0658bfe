package dev.limbeck.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Imitate two hosts with a link between them by network namespaces of Linux. */
final class Hosts implements AutoCloseable {
    private final String name = "lb" + ProcessHandle.current().pid();

    private Hosts() {}

    /** Create them, or skip the test where that is not allowed. */
    static Hosts create() throws IOException, InterruptedException {
        Hosts hosts = new Hosts();
        boolean made = runs("ip", "netns", "add", hosts.host(0)) && runs("ip", "netns", "add", hosts.host(1));
        made = made && runs("ip", "link", "add", hosts.link(0), "type", "veth", "peer", "name", hosts.link(1));
        for (int i = 0; i < 2 && made; i++) {
            made = runs("ip", "link", "set", hosts.link(i), "netns", hosts.host(i))
                    && hosts.inside(i, "addr", "add", hosts.address(i) + "/24", "dev", hosts.link(i))
                    && hosts.inside(i, "link", "set", "lo", "up")
                    && hosts.inside(i, "link", "set", hosts.link(i), "up");
        }
        if (!made) hosts.close();
        assumeTrue(made, "network namespaces need root and iproute2");
        return hosts;
    }

    private String host(int index) {
        return name + "n" + index;
    }

    private String link(int index) {
        return name + "v" + index;
    }

    String address(int index) {
        return "10.213.77." + (index + 1);
    }

    /** Run a command on a host. */
    ProcessBuilder on(int index, ProcessBuilder command) {
        List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", host(index)));
        words.addAll(command.command());
        return command.command(words);
    }

    /** Cut the link: packets are lost without a word. */
    void cut() throws IOException, InterruptedException {
        inside(1, "link", "set", link(1), "down");
    }

    void mend() throws IOException, InterruptedException {
        inside(1, "link", "set", link(1), "up");
    }

    private boolean inside(int index, String... words) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("ip", "-n", host(index)));
        all.addAll(List.of(words));
        return runs(all.toArray(String[]::new));
    }

    private static boolean runs(String... words) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(words)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException noProgram) {
            return false;
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        for (int i = 0; i < 2; i++) runs("ip", "netns", "del", host(i));
    }
}
