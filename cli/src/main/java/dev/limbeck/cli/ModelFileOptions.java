package dev.limbeck.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Offer what a model's file may not say: of weights, see {@link CheckpointOptions}; of TorchScript and ONNX, its outputs and inputs. */
final class ModelFileOptions {
    static final String KINDS = "Run, safetensors, checkpoint (with --arch), TorchScript, ONNX";

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

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
