package dev.limbeck.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.train.EpochRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenamedKeysTest {
    private static final String OLD_RECIPE = """
            data: {source: pictures, train_limit: 99, keep_unlabelled: true, unlabelled: more,
              augment: {flip: true, random_crop: 0.5, jitter: 0.2}}
            student: cifar-resnet8
            teacher: {members: [{model: a}, {model: b}], join: probabilities}
            training: {epochs: 3, clip: 1, accumulate: 2, average_decay: 0.9}
            distillation: {weight: 0.7, least_confidence: 0.8, wrong_answers: drop, until: 20, diagnose_every: 5,
              losses: [{name: soft-target}]}
            """;

    private static final String RECIPE = """
            data: {source: pictures, max_train_samples: 99, keep_unlabeled: true, unlabeled: more,
              augment: {hflip: true, random_resized_crop: 0.5, color_jitter: 0.2}}
            student: cifar-resnet8
            teacher: {members: [{model: a}, {model: b}], ensemble: probabilities}
            training: {epochs: 3, clip_grad_norm: 1, grad_accum_steps: 2, ema_decay: 0.9}
            distillation: {kd_weight: 0.7, confidence_threshold: 0.8, teacher_errors: drop, max_steps: 20,
              gradient_stats_every: 5, losses: [{name: soft-target}]}
            """;

    @TempDir
    Path home;

    @Test
    void recipesOfOlderVersionsMeanTheSame() throws IOException {
        Recipe old = Recipe.read(Files.writeString(home.resolve("old.yaml"), OLD_RECIPE));
        Recipe today = Recipe.read(Files.writeString(home.resolve("today.yaml"), RECIPE));
        assertThat(old).isEqualTo(today);
    }

    @Test
    void recordsOfOlderVersionsAreReadWithTodaysKeys() throws IOException {
        // This is the format of version 0.1.0.
        Path file = Files.writeString(home.resolve("run.json"), """
                {
                  "limbeck" : "0.1.0",
                  "recipe" : {"data" : {"source" : "pictures", "train_limit" : 9}, "training" : {"clip" : 2.0}},
                  "data" : {"train_limit" : 9, "keep_unlabelled" : true, "flip" : true, "random_crop" : 1.0, "jitter" : 0.0},
                  "distillation" : {"weight" : 0.5, "diagnoses" : []},
                  "epochs" : [{"epoch" : 0, "rate" : 0.25}],
                  "file" : {"checksum" : "crc32c:%s"}
                }
                """.formatted(OLD_SUM));
        ObjectNode found = RunRecord.document(file);
        assertThat(found.at("/recipe/data/max_train_samples").asInt()).isEqualTo(9);
        assertThat(found.at("/recipe/training/clip_grad_norm").asDouble()).isEqualTo(2);
        assertThat(found.at("/data").toString())
                .isEqualTo("{\"max_train_samples\":9,\"keep_unlabeled\":true,\"hflip\":true,"
                        + "\"random_resized_crop\":1.0,\"color_jitter\":0.0}");
        assertThat(found.at("/distillation").toString()).isEqualTo("{\"kd_weight\":0.5,\"gradient_stats\":[]}");
        assertThat(found.at("/epochs/0/lr").asDouble()).isEqualTo(0.25);
        assertThat(found.at("/epochs/0").has("rate")).isFalse();
    }

    @Test
    void theFormerNameOfTheSpeedIsRead() throws IOException {
        Path file = Files.writeString(
                home.resolve("run.json"), "{\"epochs\": [{\"epoch\": 0, \"train_images_per_second\": 8.5}]}");
        assertThat(RunRecord.read(file).epochs().get(0).trainRowsPerSecond()).isEqualTo(8.5);
        assertThat(new ObjectMapper()
                        .readValue("{\"trainImagesPerSecond\": 8.5}", EpochRecord.class)
                        .trainRowsPerSecond())
                .as("in checkpoints")
                .isEqualTo(8.5);
    }

    @Test
    void aKeyUnderBothNamesIsRefused() throws IOException {
        Path file = Files.writeString(
                home.resolve("both.yaml"), "data: {source: a}\ntraining: {clip: 1, clip_grad_norm: 2}\n");
        assertThatThrownBy(() -> Recipe.read(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(file + " has clip and clip_grad_norm, its new name; leave out one");
    }

    /** Checksum that version 0.1.0 computes for the record above. */
    private static final String OLD_SUM = "62d79c59";
}
