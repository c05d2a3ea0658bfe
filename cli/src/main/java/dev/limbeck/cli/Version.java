package dev.limbeck.cli;

import picocli.CommandLine.IVersionProvider;

/** Tell picocli the version of this build. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"limbeck " + dev.limbeck.Version.number()};
    }
}
