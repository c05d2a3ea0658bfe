package dev.limbeck.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;

/**
 * Write to a stream whose reader may stop early, as {@code head} does. Remaining output is dropped without an error.
 */
final class PipeOutput extends FilterOutputStream {
    private boolean closed;

    PipeOutput(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        if (closed) return;
        try {
            out.write(bytes, from, length);
        } catch (IOException e) {
            drop(e);
        }
    }

    @Override
    public void flush() throws IOException {
        if (closed) return;
        try {
            out.flush();
        } catch (IOException e) {
            drop(e);
        }
    }

    /** Java reports a closed pipe only by its text: "Broken pipe", on Windows "The pipe is being closed". */
    private void drop(IOException e) throws IOException {
        if (!String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("pipe")) throw e;
        closed = true;
    }
}
