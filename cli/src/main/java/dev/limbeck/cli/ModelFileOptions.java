package dev.limbeck.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer what a TorchScript or an ONNX file may not say of its outputs and inputs. */
final class ModelFileOptions {
    @Option(
            names = "--classes",
            split = ",",
            description = "Class names in the order of the model's outputs (default: as its file says).")
    List<String> classes = List.of();

    @Option(
            names = "--model-output",
            completionCandidates = OutputNames.class,
            description = "What a TorchScript or ONNX file gives: ${COMPLETION-CANDIDATES} (default: found out).")
    @Nullable
    String output;

    @Option(
            names = "--model-layout",
            description = "nchw or nhwc, of a TorchScript or ONNX file (default: as it says).")
    @Nullable
    String layout;

    @Option(names = "--model-channels", description = "rgb or bgr, of a TorchScript or ONNX file (default: rgb).")
    @Nullable
    String channels;
}
