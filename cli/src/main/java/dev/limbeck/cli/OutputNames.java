package dev.limbeck.cli;

import dev.limbeck.distill.teacher.TeacherOutput;
import java.util.Iterator;
import java.util.stream.Stream;

/** List what the outputs of a model may be said to be, for help and completion. */
final class OutputNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Stream.of(TeacherOutput.values()).map(TeacherOutput::key).iterator();
    }
}
