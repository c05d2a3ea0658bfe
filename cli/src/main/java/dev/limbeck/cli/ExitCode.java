package dev.limbeck.cli;

/** Return an exit code in place of a result, where other processes have printed it. */
record ExitCode(int value) {
    static final ExitCode SUCCESS = new ExitCode(0);
}
