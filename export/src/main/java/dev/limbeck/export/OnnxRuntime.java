package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.onnx.OnnxSession;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/** Run ONNX files in ONNX Runtime, as teachers or for evaluation. */
public final class OnnxRuntime implements ModelRuntime {
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
        long[] shape = model.inputShape();
        if (shape.length == 0 || shape[0] >= 0) {
            throw new LimbeckException(file + " takes batches of " + (shape.length == 0 ? "one number" : shape[0])
                    + " only; export it with a batch of any size (dynamic_axes, or dynamic_shapes, for its first "
                    + "dimension)");
        }
        if (shape.length == 4 && (shape[1] == 1 || shape[3] == 1)) {
            throw new LimbeckException(
                    file + " takes images of one channel (" + text(shape)
                            + "), expected three, red, green and blue; export it with a layer in front that makes gray of them");
        }
        long[] row = Arrays.stream(shape)
                .skip(1)
                .map(size -> size < 0 ? InputSpec.FREE : size)
                .toArray();
        ModelFacts facts = new ModelFacts(
                "ONNX",
                List.of(new InputSpec(model.input(), DType.FLOAT32, row, 0, 0)),
                List.of(model.output() + " float32 " + text(model.outputShape())),
                metadata(model));
        return new Running() {
            @Override
            public Tensor forward(Inputs inputs) {
                Tensor input = inputs.only();
                OnnxSession.Output output = model.compute(Tensors.toFloats(input), input.shape());
                return Tensors.of(output.values(), output.shape());
            }

            @Override
            public ModelFacts facts() {
                return facts;
            }

            @Override
            public void close() {
                model.close();
            }
        };
    }

    private static String text(long... shape) {
        return Arrays.stream(shape)
                .mapToObj(size -> size < 0 ? "N" : String.valueOf(size))
                .collect(Collectors.joining("×"));
    }

    private static Map<String, String> metadata(OnnxModel model) {
        Map<String, String> all = new TreeMap<>(model.metadata());
        // In files written by Limbeck, which also name their input, the name is reliable; elsewhere it is not.
        if (all.containsKey("input")
                && Set.of(OnnxFile.PROBABILITIES, OnnxFile.LOGITS).contains(model.output())) {
            all.putIfAbsent("output", model.output());
        }
        return all;
    }
}
