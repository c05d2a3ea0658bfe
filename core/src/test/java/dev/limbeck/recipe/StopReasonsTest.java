package dev.limbeck.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.PicturesForTests;
import dev.limbeck.train.Callback;
import dev.limbeck.train.TrainingContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test what a run's record says of early ends, in a training of two fits. */
class StopReasonsTest {
    private static final String FIRST = "phase 1 of 2";

    @TempDir
    static Path home;

    @BeforeAll
    static void trainTheBackbone() throws IOException {
        PicturesForTests.write(home.resolve("pictures"), 8, "cat", "dog");
        new RecipeRun(recipe(false), RunContext.silent()).run(home.resolve("backbone"), false);
    }

    private static Recipe recipe(boolean pretrained) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", home.resolve("pictures").toString())
                .put("batch_size", 4)
                .put("valid_fraction", 0.25);
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 2).put("lr", 1e-2);
        if (pretrained) {
            tree.putObject("pretrained")
                    .put("weights", home.resolve("backbone").toString())
                    .put("frozen_epochs", 3);
        }
        return RecipeFiles.bind(tree, "");
    }

    private static RunContext watched(Callback callback) {
        RunContext silent = RunContext.silent();
        return new RunContext("cpu", null, line -> {}, silent.download(), silent.prepare(), () -> List.of(callback));
    }

    private static boolean isFirst(TrainingContext fit) {
        return fit.phase() != null && fit.phase().startsWith(FIRST);
    }

    @Test
    void theReasonOfAnEarlierFitIsKeptOverAResume() {
        RecipeRun run = new RecipeRun(recipe(true), watched(new Callback() {
            private boolean failed;

            @Override
            public void afterEpoch(TrainingContext fit) {
                if (isFirst(fit)) fit.stop("enough");
            }

            @Override
            public void beforeEpoch(TrainingContext fit) {
                if (isFirst(fit) || fit.epoch() == 0 || failed) return;
                failed = true;
                throw new LimbeckException("interrupted by the test");
            }
        }));
        Path out = home.resolve("run");
        assertThatThrownBy(() -> run.run(out, false)).hasMessageContaining("interrupted by the test");
        assertThat(run.resume().run(out, false).training().stopped())
                .isEqualTo("enough (phase 1 of 2: train the new classifier)");
    }

    @Test
    void theReasonsOfAllFitsAreKept() {
        RecipeRun run = new RecipeRun(recipe(true), watched(new Callback() {
            @Override
            public void afterEpoch(TrainingContext fit) {
                fit.stop(isFirst(fit) ? "enough" : "no more");
            }
        }));
        assertThat(run.run(home.resolve("both"), false).training().stopped())
                .isEqualTo(
                        "enough (phase 1 of 2: train the new classifier); no more (phase 2 of 2: train the whole network)");
    }
}
