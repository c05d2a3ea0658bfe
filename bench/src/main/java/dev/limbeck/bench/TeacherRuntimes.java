package dev.limbeck.bench;

import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.export.Exporter;
import dev.limbeck.export.Format;
import dev.limbeck.export.OnnxFile;
import dev.limbeck.export.Precision;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.SavedModel;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.commons.io.FileUtils;

/**
 * Compare a live teacher's copy in LibTorch with the same network in ONNX Runtime, in float32 and int8, in turn on the same batch. Prints a
 * JSON line with medians in milliseconds and the largest differences of outputs from the copy's.
 */
public final class TeacherRuntimes {
    private TeacherRuntimes() {}

    /** Run the benchmark; options are {@code --data --model --batch --pairs}: a folder of images, and a run directory of a network of images. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(Map.of("data", "", "model", "", "batch", "64", "pairs", "15"), arguments);
        Path out = Files.createTempDirectory("teachers");
        try (SavedModel saved = SavedModel.open(Path.of(options.text("model")), null);
                ImageData images = ImageData.builder(Path.of(options.text("data")))
                        .preprocessing(ImagePreprocessing.of(saved.preprocessing()))
                        .batchSize(options.number("batch"))
                        .build();
                FileTeacher float32 = exported(saved, images, out.resolve("fp32"), Precision.FP32);
                FileTeacher int8 = exported(saved, images, out.resolve("int8"), Precision.INT8)) {
            measure(
                    List.of(ModuleTeacher.of(saved).withOwnPrecision(dev.limbeck.tensor.Precision.FP32), float32, int8),
                    images,
                    options.number("pairs"));
        } finally {
            FileUtils.deleteDirectory(out.toFile());
        }
        System.exit(0);
    }

    private static FileTeacher exported(SavedModel saved, ImageData images, Path out, Precision precision) {
        Path file = Exporter.of(saved)
                .as(Format.ONNX)
                .options(OnnxFile.Options.defaults().at(precision))
                .verifiedOn(images, Split.TEST)
                .export(out)
                .get(0)
                .file();
        return FileTeacher.open(file);
    }

    private static void measure(List<Teacher> teachers, ImageData images, int pairs) {
        List<TeacherSession> sessions = new ArrayList<>();
        List<List<Double>> times = new ArrayList<>();
        List<Float> apart = new ArrayList<>();
        for (Teacher teacher : teachers) {
            sessions.add(teacher.open(images, Engine.device("cpu")));
            times.add(new ArrayList<>());
            apart.add(0f);
        }
        try (DataLoader batches = images.evaluate(Split.TEST);
                Scope whole = Scope.open()) {
            Batch batch = batches.next();
            for (int pair = -2; pair < pairs; pair++) {
                float[] expected = new float[0];
                for (int i = 0; i < teachers.size(); i++) {
                    try (Scope scope = Scope.open();
                            NoGrad noGrad = NoGrad.on()) {
                        long begun = System.nanoTime();
                        float[] found = Tensors.toFloats(
                                sessions.get(i).compute(batch, Set.of()).logits());
                        if (pair >= 0) times.get(i).add((System.nanoTime() - begun) / 1e6);
                        if (i == 0) expected = found;
                        float largest = apart.get(i);
                        for (int at = 0; at < found.length; at++) {
                            largest = Math.max(largest, Math.abs(found[at] - expected[at]));
                        }
                        apart.set(i, largest);
                    }
                }
            }
        }
        sessions.forEach(TeacherSession::close);
        System.out.printf(
                Locale.ROOT,
                "{\"libtorch_ms\": %.1f, \"onnx_ms\": %.1f, \"onnx_int8_ms\": %.1f, \"onnx_difference\": %.2g, \"int8_difference\": %.2g}%n",
                Medians.of(times.get(0)),
                Medians.of(times.get(1)),
                Medians.of(times.get(2)),
                apart.get(1),
                apart.get(2));
    }
}
