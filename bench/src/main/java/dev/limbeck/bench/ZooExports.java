package dev.limbeck.bench;

import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.export.Exporter;
import dev.limbeck.export.Exporter.Exported;
import dev.limbeck.export.Format;
import dev.limbeck.export.Verification;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Export every architecture in every format, run the files on real images, and print a line each with the largest
 * difference of outputs. CIFAR ResNets use the weights of public checkpoints if available. The others have random
 * weights, with batch norm statistics computed on some of the images.
 */
public final class ZooExports {
    private ZooExports() {}

    /** Run the benchmark; options are {@code --data --checkpoints --rows --archs}. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(Map.of("data", "", "checkpoints", "", "rows", "256", "archs", ""), arguments);
        List<String> names = options.text("archs").isEmpty()
                ? Zoo.names().stream()
                        .filter(name -> !Zoo.byName(name).isSizedByInputs())
                        .toList()
                : options.list("archs");
        Path out = Files.createTempDirectory("exports");
        System.out.println("| architecture | side | weights | ONNX, largest difference | of the largest output | "
                + "same top class | TorchScript, difference | safetensors |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        try {
            for (String name : names) System.out.println(row(Zoo.byName(name), options, out.resolve(name)));
        } finally {
            FileUtils.deleteDirectory(out.toFile());
        }
    }

    private static String row(Architecture architecture, Options options, Path out) throws IOException {
        boolean fixed = architecture.name().matches("(vgg|vit|deit).*");
        int side = fixed ? architecture.imageSize() : Math.min(64, architecture.imageSize());
        Optional<Path> checkpoint = checkpoint(architecture, options.text("checkpoints"));
        Tensors.seed(1);
        try (ImageData images = ImageData.builder(Path.of(options.text("data")))
                        .imageSize(side)
                        .resize(Resize.SQUISH)
                        .batchSize(32)
                        .build();
                Module network = checkpoint.isPresent()
                        ? SavedModel.open(checkpoint.get(), architecture).module()
                        : architecture.create(images.classNames().size())) {
            if (checkpoint.isEmpty())
                settle(network, images, architecture.name().startsWith("mobilenet_v3") ? 100 : 10);
            ImagePreprocessing preprocessing = images.preprocessing();
            List<Exported> files = Exporter.of(network, images.task(), preprocessing)
                    .as(Format.ONNX, Format.TORCHSCRIPT)
                    .verifiedOn(images, Split.TEST, options.number("rows"))
                    .export(out);
            FileUtils.deleteDirectory(out.toFile());
            // Safetensors files are compared bit by bit, so they are not evaluated on images.
            Exporter.of(network, images.task(), preprocessing)
                    .as(Format.SAFETENSORS)
                    .export(out);
            Verification onnx = verification(files, Format.ONNX);
            String row = String.format(
                    Locale.ROOT,
                    "| %s | %d | %s | %.1e | %.1e | %.2f %% of %d | %.1e | %s |",
                    architecture.name(),
                    side,
                    checkpoint.isPresent() ? "public" : "random",
                    onnx.largestDifference(),
                    onnx.largestDifference() / onnx.largestOutput(),
                    100 * onnx.agreement(),
                    onnx.rows(),
                    verification(files, Format.TORCHSCRIPT).largestDifference(),
                    sameBits(network, out.resolve(Format.SAFETENSORS.fileName())) ? "same bits" : "OTHER BITS");
            FileUtils.deleteDirectory(out.toFile());
            return row;
        }
    }

    private static Optional<Path> checkpoint(Architecture architecture, String folder) throws IOException {
        if (folder.isEmpty() || !architecture.name().startsWith("cifar-")) return Optional.empty();
        String start = architecture.name().substring("cifar-".length()) + "-";
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            return files.filter(file -> file.getFileName().toString().startsWith(start))
                    .findFirst();
        }
    }

    /**
     * Update the batch norm statistics. With the initial ones, the outputs of deep networks are close to 0. The
     * statistics of MobileNetV3 change slowly.
     */
    private static void settle(Module network, ImageData images, int passes) {
        network.train();
        for (int pass = 0; pass < passes; ) {
            try (DataLoader batches = images.evaluate(Split.TEST)) {
                for (; pass < passes; pass++) {
                    try (Scope scope = Scope.open();
                            NoGrad noGrad = NoGrad.on()) {
                        Batch batch = batches.next();
                        if (batch == null) break;
                        network.apply(batch.input());
                    }
                }
            }
        }
        network.eval();
    }

    private static Verification verification(List<Exported> files, Format format) {
        for (Exported file : files) {
            Verification verification = file.verification();
            if (file.format() == format && verification != null) return verification;
        }
        throw new IllegalStateException(format + " was not verified");
    }

    private static boolean sameBits(Module network, Path file) {
        try (StateDict state = Safetensors.read(file)) {
            return state.sha256().equals(network.sha256());
        }
    }
}
