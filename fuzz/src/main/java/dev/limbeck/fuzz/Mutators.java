package dev.limbeck.fuzz;

/** Create the mutators of the targets. */
public final class Mutators {
    private Mutators() {}

    /** Mutate bytes and occasionally insert words, whose characters are bytes. */
    public static Mutator bytes(String... words) {
        return new Bytes(words);
    }

    public static Mutator png() {
        return Chunks.png();
    }

    public static Mutator jpeg() {
        return Chunks.jpeg();
    }

    public static Mutator riff() {
        return Chunks.riff();
    }

    public static Mutator pickle() {
        return new Pickle();
    }

    public static Mutator zip() {
        return new Zip();
    }

    public static Mutator tar() {
        return new Tar();
    }

    public static Mutator gzip(Mutator inner) {
        return Tar.gzip(inner);
    }

    /** Mutate JSON or YAML. */
    public static Mutator text() {
        return new Text();
    }

    /** Mutate JSON, and UBJSON with typed lists. */
    public static Mutator values() {
        Mutator text = new Text();
        Mutator binary = new Bytes("[$l#L", "[$d#L", "[$U#L", "[#L", "{L", "SL", "l", "i", "}", "]", "Z", "T", "N");
        return (file, choices) -> (file.length > 1 && file[1] == '"' ? text : binary).mutate(file, choices);
    }

    public static Mutator safetensors() {
        return Text.safetensors();
    }

    public static Mutator onnx() {
        return Sums.seal(new Protobuf());
    }

    /** Mutate a file of cached rows. */
    public static Mutator rows() {
        return Sums.rows(new Bytes());
    }

    /** Mutate an index of cached rows. */
    public static Mutator index() {
        return Sums.index(new Bytes());
    }
}
