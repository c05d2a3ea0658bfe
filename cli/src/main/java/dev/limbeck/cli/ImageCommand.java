package dev.limbeck.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Share what commands do that run a model on single images, prepared as its file says or options do. */
abstract class ImageCommand extends LimbeckCommand {
    @Option(
            names = "--task",
            paramLabel = "NAME",
            description = "Task, if its file does not say it (default: single-label)")
    @Nullable
    String task;

    private final SettingOptions preprocessing = SettingOptions.ofPreprocessing();

    @Override
    final SettingOptions settings() {
        return preprocessing;
    }

    /** Open a model of any kind, for the task of its file or the option. */
    LoadedModel load(Path model, ModelFileOptions says) {
        TaskOption option = new TaskOption(this, task);
        LoadedModel opened = LoadedModel.open(this, model.toString(), says, preprocessing);
        try {
            return opened.withTask(option);
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }
}
