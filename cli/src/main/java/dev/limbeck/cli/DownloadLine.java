package dev.limbeck.cli;

import dev.limbeck.io.Downloads;

/** Report the progress of a download every few megabytes. */
final class DownloadLine implements Downloads.Progress {
    private static final long EVERY = 16 << 20;

    private final Terminal terminal;
    private long reported;

    DownloadLine(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void received(long bytes, long total) {
        if (bytes < reported) reported = 0;
        if (bytes - reported < EVERY) return;
        reported = bytes;
        String whole = total > 0 ? " of " + (total >> 20) : "";
        terminal.err().println("downloaded " + (bytes >> 20) + whole + " MiB");
    }
}
