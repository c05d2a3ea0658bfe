package dev.limbeck.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.tensor.InputSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Run ONNX files in ONNX Runtime, as teachers or for evaluation. */
public final class OnnxRuntime implements ModelRuntime {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String name() {
        return "ONNX";
    }

    /** The format has no magic number, so the file name decides. */
    @Override
    public boolean runs(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
    }

    @Override
    public List<Path> files(Path file) {
        return OnnxExternalData.files(file);
    }

    @Override
    public Running open(Path file) {
        OnnxModel model = OnnxModel.open(file, 0);
        try {
            return running(model, file);
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static Running running(OnnxModel model, Path file) {
        for (long batch : model.batches()) {
            if (batch < 0) continue;
            throw new LimbeckException(file + " takes batches of " + batch
                    + " only; export it with a batch of any size (dynamic_axes, or dynamic_shapes, for its first "
                    + "dimension)");
        }
        for (InputSpec input : model.inputs()) {
            long[] row = input.shape();
            if (row.length == 3 && (row[0] == 1 || row[2] == 1)) {
                throw new LimbeckException(
                        file + " takes images of one channel (" + input.words()
                                + "), expected three, red, green and blue; export it with a layer in front that makes gray of them");
            }
        }
        List<String> outputs = new ArrayList<>(List.of(model.output() + " "
                + model.outputType().toString().toLowerCase(Locale.ROOT) + " " + text(model.outputShape())));
        model.outputs().stream().filter(name -> !name.equals(model.output())).forEach(outputs::add);
        ModelFacts facts = new ModelFacts("ONNX", model.inputs(), outputs, metadata(model, file));
        return new OnnxRunning(file, model, facts);
    }

    private static String text(long... shape) {
        return Arrays.stream(shape)
                .mapToObj(size -> size < 0 ? "N" : String.valueOf(size))
                .collect(Collectors.joining("×"));
    }

    private static Map<String, String> metadata(OnnxModel model, Path file) {
        Map<String, String> all = new TreeMap<>(model.metadata());
        // In files written by Limbeck, which also name their input, the name is reliable; elsewhere it is not.
        if (all.containsKey("input")
                && Set.of(OnnxFile.PROBABILITIES, OnnxFile.LOGITS).contains(model.output())) {
            all.putIfAbsent("output", model.output());
        }
        long[] shape = model.outputShape();
        if (all.containsKey(ModelFacts.CLASSES) || all.containsKey("names") || shape.length != 2) return all;
        OnnxClasses.Labels labels = OnnxClasses.read(file, shape[1]);
        if (labels != null) {
            all.put(ModelFacts.CLASSES, JSON.valueToTree(labels.names()).toString());
            all.put(ModelFacts.CLASSES_FROM, labels.place());
        }
        return all;
    }
}
