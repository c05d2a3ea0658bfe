package dev.limbeck.predict.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModelRuntimes;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.InferenceCopy;
import dev.limbeck.predict.Network;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hold a network for images with the preprocessing of its training.
 *
 * @param knowsPreparation whether the model's file contains its preprocessing
 */
record ImageNetwork(Network<RgbImage> network, ImagePreprocessing preprocessing, boolean knowsPreparation) {
    private static final int COLORS = 8;
    private static final Logger LOG = LoggerFactory.getLogger(ImageNetwork.class);

    private static ImageNetwork of(
            Function<Inputs, Tensor> network,
            Runnable closing,
            Map<String, String> said,
            ImagePreprocessing preprocessing,
            Task task) {
        return new ImageNetwork(
                new Network<>(images -> encode(images, preprocessing), network, closing, task),
                preprocessing,
                ImagePreprocessing.isIn(said));
    }

    private static Inputs encode(List<RgbImage> images, ImagePreprocessing preprocessing) {
        Tensor[] inputs = images.stream()
                .map(image -> ImageTensors.of(preprocessing, image).only())
                .toArray(Tensor[]::new);
        return Inputs.of(Ops.cat(0, inputs));
    }

    static ImageNetwork open(Path model) {
        if (Files.isRegularFile(model) && ModelRuntimes.find(model).isPresent()) {
            return of(FileTeacher.open(model, ModelRole.MODEL, LOG::warn));
        }
        return of(SavedModel.open(model, null), null);
    }

    static ImageNetwork of(SavedModel saved, @Nullable Architecture given) {
        try {
            // A custom architecture is not in the zoo. It is only needed if the file has no image size.
            int side = ImagePreprocessing.isIn(saved.preprocessing())
                    ? 1
                    : (given == null ? Zoo.byName(saved.architecture()) : given).imageSize();
            ImagePreprocessing how = preprocessing(saved.preprocessing(), side);
            Task task = saved.classNames().isEmpty()
                    ? saved.task().withNames(Task.numbered(saved.classes()))
                    : saved.task();
            InferenceCopy copy = new InferenceCopy(saved.module(), Precision.FP32, () -> colors(how), true);
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                copy.prepare();
            }
            return of(
                    inputs -> copy.logits(saved.module().adapt(inputs)),
                    () -> {
                        copy.close();
                        saved.close();
                    },
                    saved.preprocessing(),
                    how,
                    task);
        } catch (RuntimeException e) {
            saved.close();
            throw e;
        }
    }

    static ImageNetwork of(FileTeacher file) {
        try {
            if (!file.preprocessing().containsKey(ImagePreprocessing.SIZE)) {
                throw new LimbeckException(
                        "model " + file.name() + " does not contain its image size; set it (image_size, --image-size)");
            }
            ImagePreprocessing how = preprocessing(file.preprocessing(), 1);
            FileTeacher known = known(file, how);
            return of(
                    inputs -> known.logits(how, inputs),
                    file::close,
                    file.preprocessing(),
                    how,
                    file.task(new Task.SingleLabel(List.of())));
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Detect the kind of a file's output, from the same inputs for all users. */
    private static FileTeacher known(FileTeacher file, ImagePreprocessing how) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            return file.knownBy(how, colors(how));
        }
    }

    /** Return eight images with RGB values of 0 or 255, each half noise. */
    private static Inputs colors(ImagePreprocessing how) {
        Random random = new Random(0);
        Tensor[] inputs = new Tensor[COLORS];
        for (int color = 0; color < COLORS; color++) {
            byte[] pixels = new byte[3 * how.width() * how.height()];
            random.nextBytes(pixels);
            for (int i = 0; i < pixels.length / 2; i++) pixels[i] = (byte) ((color >> i % 3 & 1) * 255);
            inputs[color] = ImageTensors.of(how, new RgbImage(how.width(), how.height(), pixels))
                    .only();
        }
        return Inputs.of(Ops.cat(0, inputs));
    }

    private static ImagePreprocessing preprocessing(Map<String, String> said, int side) {
        Map<String, String> all =
                new LinkedHashMap<>(ImagePreprocessing.defaults(side).toMetadata());
        all.putAll(said);
        return ImagePreprocessing.of(all);
    }
}
