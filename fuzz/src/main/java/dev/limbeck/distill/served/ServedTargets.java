package dev.limbeck.distill.served;

import dev.limbeck.LimbeckException;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.tensor.Scope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** List the readers of a server's answers. A file of outputs begins with the length of its JSON, as safetensors do. */
public final class ServedTargets {
    private static final String FROM = "http://host/v2/models/m";

    private ServedTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(
                Target.of("served-answer", Mutators.safetensors(), ServedTargets::answer),
                Target.of("served-metadata", Mutators.text(), file -> {
                            Metadata.read(Files.readAllBytes(file), FROM);
                            return 0;
                        })
                        .allowing(2000));
    }

    private static long answer(Path file) throws Exception {
        byte[] all = Files.readAllBytes(file);
        if (all.length < Long.BYTES) throw new LimbeckException("too short");
        long length = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong();
        byte[] body = Arrays.copyOfRange(all, Long.BYTES, all.length);
        if (length < 0 || length > body.length) throw new LimbeckException("no such length");
        Answer answer = Answer.read(body, (int) length, "", FROM);
        try (Scope scope = Scope.open()) {
            return answer.tensor().numel() * Long.BYTES;
        }
    }
}
