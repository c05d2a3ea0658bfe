package dev.limbeck.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer how images are prepared for a model whose file does not say it, in commands that open no data. */
final class PreprocessingOptions {
    @Option(names = "--image-size", description = "Side of the model's square images (default: as its file says).")
    @Nullable
    Integer imageSize;

    @Option(names = "--resize", description = "squish, crop or pad (default: as its file says, else crop).")
    @Nullable
    String resize;

    @Option(
            names = "--mean",
            split = ",",
            description = "Three channel means, white is 1 (default: as its file says, else ImageNet's).")
    double @Nullable [] mean;

    @Option(
            names = "--std",
            split = ",",
            description = "Three channel deviations (default: as its file says, else ImageNet's).")
    double @Nullable [] std;
}
