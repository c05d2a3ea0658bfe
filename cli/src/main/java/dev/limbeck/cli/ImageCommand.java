package dev.limbeck.cli;

import java.nio.file.Path;

/** Share what commands do that run a model on single images, prepared as its file says or options do. */
abstract class ImageCommand extends LimbeckCommand {
    private final SettingOptions preprocessing = SettingOptions.ofPreprocessing();

    @Override
    final SettingOptions settings() {
        return preprocessing;
    }

    /** Open a model of any kind. */
    LoadedModel load(Path model, ModelFileOptions says) {
        return LoadedModel.open(this, model.toString(), says, preprocessing);
    }
}
