package dev.limbeck.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.compare.SweepResult;
import dev.limbeck.compare.SweepResult.Trial;
import dev.limbeck.optim.Schedule;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepPictureTest {
    private static Trial trial(String name, double temperature, int epochs, double valid) {
        return new Trial(
                name,
                "cifar-resnet8",
                "random weights",
                "soft-target",
                Schedule.constant(temperature),
                Schedule.constant(0.5),
                "constant",
                epochs,
                valid,
                false);
    }

    /** Trials that were dropped after a ninth of the epochs would have become better. */
    @Test
    void onlyTrialsOfTheWinnersEpochsAreDrawn(@TempDir Path home) throws Exception {
        Trial winner = trial("T2", 2, 9, 0.9);
        Trial second = trial("T4", 4, 9, 0.8);
        Trial dropped = trial("T8", 8, 1, 0.3);
        Trial diverged = trial("T16", 16, 9, Double.NaN);
        ObjectNode tree = RecipeFiles.tree().put("student", "cifar-resnet8");
        tree.putObject("data").put("source", "shapes:8:8:8");
        Recipe best = RecipeFiles.bind(tree, "");
        SweepResult result = new SweepResult("accuracy", List.of(winner, second, diverged, dropped), "T2", best, null);
        assertThat(SweepPicture.shown(result)).containsExactly(winner, second);
        assertThat(ImageIO.read(SweepPicture.write(result, home).toFile()).getWidth())
                .isGreaterThan(500);
    }
}
