package dev.limbeck.cli;

import picocli.CommandLine.IVersionProvider;

/** Provide this build's version to picocli. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"limbeck " + dev.limbeck.Version.number()};
    }
}
