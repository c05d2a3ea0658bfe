package dev.limbeck.cli;

import dev.limbeck.distill.teacher.TeacherOutput;
import java.util.Iterator;
import java.util.stream.Stream;

/** List the kinds of output, for help and completion. */
final class OutputNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Stream.of(TeacherOutput.values()).map(TeacherOutput::key).iterator();
    }
}
