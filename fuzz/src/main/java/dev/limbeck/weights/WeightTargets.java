package dev.limbeck.weights;

import dev.limbeck.fuzz.Harness;
import dev.limbeck.fuzz.Mutator;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.io.Archives;
import dev.limbeck.io.EntryNames;
import dev.limbeck.nn.StateDict;
import dev.limbeck.onnx.OnnxChecksum;
import dev.limbeck.weights.RequiredTensors.Need;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** List the readers of weights and archives. */
public final class WeightTargets {
    private static final RequiredTensors NEEDS = new RequiredTensors(
            "tiny",
            Map.of(
                    "c.weight", new Need(new long[] {4, 3, 3, 3}, true),
                    "c.bias", new Need(new long[] {4}, true),
                    "b.running_mean", new Need(new long[] {4}, true),
                    "f.weight", new Need(new long[] {3, 4}, true)),
            Set.of("f.weight"));

    private WeightTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        Mutator bytes = Mutators.bytes();
        return List.of(
                Target.of("torch-zip", Mutators.zip(), WeightTargets::weights).allowing(2000),
                Target.of("torch-legacy", Mutators.pickle(), WeightTargets::weights)
                        .allowing(2000),
                Target.of("torchscript", Mutators.zip(), WeightTargets::torchScript)
                        .allowing(4000),
                Target.of("pickle", Mutators.pickle(), WeightTargets::pickle).allowing(2000),
                Target.of("safetensors", Mutators.safetensors(), WeightTargets::safetensors)
                        .allowing(2000),
                Target.of("seal", Mutators.onnx(), file -> {
                    OnnxChecksum.check(file);
                    return 0;
                }),
                Target.of("zip", Mutators.zip(), WeightTargets::archive).allowing(2000),
                Target.of("tar", Mutators.tar(), WeightTargets::archive).allowing(2000),
                Target.of("tar-gz", Mutators.gzip(Mutators.tar()), WeightTargets::archive)
                        .allowing(10_000),
                Target.of("tar-bz2", bytes, WeightTargets::archive).allowing(2000),
                Target.of("tar-xz", bytes, WeightTargets::archive).allowing(2000),
                Target.of("tar-zst", bytes, WeightTargets::archive).allowing(2000),
                Target.of(
                                "entry-name",
                                Mutators.bytes("../", "..\\", "/", "C:", "\0", "./", "\u00fc"),
                                WeightTargets::name)
                        .allowing(2000));
    }

    /** Return the target whose files reach native code: LibTorch opens the files that pass the checks. */
    public static List<Target> natives() {
        return List.of(Target.of("torchscript-engine", Mutators.zip(), file -> {
                    TorchScriptFile.open(file).load().close();
                    return 0;
                })
                .allowing(4000));
    }

    private static long weights(Path file) {
        WeightFile weights = WeightFiles.open(file);
        weights.keys();
        weights.hasFastaiHead();
        WeightFit fit = weights.fit(NEEDS, null);
        fit.notes();
        if (fit.fits()) fit.read().close();
        weights.read(null).close();
        return 0;
    }

    private static long torchScript(Path file) {
        if (TorchScriptFile.isIn(file)) TorchScriptFile.open(file).extraFiles();
        return 0;
    }

    private static long pickle(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        PickleInput input = new PickleInput(new ByteArrayInputStream(bytes), bytes.length);
        TensorGroups.all(file, new TorchUnpickler(file, input, new HashMap<>()).read());
        return 0;
    }

    private static long safetensors(Path file) {
        Safetensors.readMetadata(file);
        try (StateDict all = Safetensors.read(file)) {
            all.names();
        }
        return 0;
    }

    private static long archive(Path file) {
        Archives.extract(file, file.resolveSibling(Harness.OUT).resolve("unpacked"));
        return 0;
    }

    /** Check that an accepted name stays inside the folder. */
    private static long name(Path file) throws IOException {
        String name = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        EntryNames.isSystemFile(name);
        if (EntryNames.mayLeadOut(name)) return 0;
        Path folder = file.resolveSibling(Harness.OUT);
        Path place = folder.resolve(String.join("/", EntryNames.parts(EntryNames.possible(name))));
        if (!place.normalize().startsWith(folder)) throw new IllegalStateException("leads out: " + place);
        return 0;
    }
}
