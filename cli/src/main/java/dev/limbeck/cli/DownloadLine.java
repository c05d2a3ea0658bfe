package dev.limbeck.cli;

import dev.limbeck.io.Downloads;

/** Measure how far a download is, every few megabytes. */
final class DownloadLine implements Downloads.Progress {
    private static final long EVERY = 16 << 20;

    private final Terminal terminal;
    private long log;

    DownloadLine(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void received(long bytes, long total) {
        if (bytes < log) log = 0;
        if (bytes - log < EVERY) return;
        log = bytes;
        String whole = total > 0 ? " of " + (total >> 20) : "";
        terminal.err().println("downloaded " + (bytes >> 20) + whole + " MiB");
    }
}
