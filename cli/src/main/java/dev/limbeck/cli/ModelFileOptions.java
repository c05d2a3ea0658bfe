package dev.limbeck.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the options for outputs and inputs that a TorchScript or ONNX file may not contain. */
final class ModelFileOptions {
    @Option(
            names = "--classes",
            split = ",",
            paramLabel = "NAME,…",
            hideParamSyntax = true,
            description = "Class names, in the order of its outputs (default: the file's)")
    List<String> classes = List.of();

    @Option(
            names = "--model-output",
            completionCandidates = OutputNames.class,
            paramLabel = "NAME",
            description = "Output of TorchScript or ONNX, as logits (default: detected)")
    @Nullable
    String output;

    @Option(
            names = "--model-layout",
            paramLabel = "NAME",
            description = "nchw or nhwc, of a TorchScript or ONNX file (default: the file's)")
    @Nullable
    String layout;

    @Option(
            names = "--model-channels",
            paramLabel = "NAME",
            description = "rgb or bgr, of a TorchScript or ONNX file (default: rgb)")
    @Nullable
    String channels;
}
