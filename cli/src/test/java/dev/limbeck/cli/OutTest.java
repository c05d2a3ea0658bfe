package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbeck.data.image.Datasets;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunJson;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test what --out and --overwrite may do to folders. */
class OutTest {
    @TempDir
    static Path home;

    @BeforeAll
    static void makeInputs() throws IOException {
        Cli.pictures(home.resolve("two"), "cat", "dog");
    }

    private static Cli.Answer train(Path out, String... more) {
        return Cli.run("train", "--data", home.resolve("two"), Cli.TINY, "--out", out, more);
    }

    private static void refuses(Path out, String expected, String... more) throws IOException {
        Set<String> before = Cli.listing(home);
        Cli.Answer answer = train(out, more);
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.err()).contains(expected).doesNotContain("Exception", "null");
        assertThat(answer.err().lines().filter(line -> !line.startsWith("data: ")))
                .hasSize(1);
        assertThat(Cli.listing(home)).isEqualTo(before);
    }

    @Test
    void keepsAnOldRunUnlessToldToReplaceIt() throws IOException {
        Path out = home.resolve("kept");
        train(out, "--seed", "1").done();
        String first = Files.readString(out.resolve("run.json"));
        refuses(out, "kept exists; choose another --out, or --overwrite");
        refuses(out, "the loss became", "--overwrite", "--lr", "1e30");
        assertThat(Files.readString(out.resolve("run.json"))).isEqualTo(first);
        train(out, "--overwrite", "--seed", "2").done();
        assertThat(Cli.read(out.resolve("run.json")).at("/training/seed").asLong())
                .isEqualTo(2);
        assertThat(home.toFile().list((folder, name) -> name.contains("kept"))).containsExactly("kept");
    }

    @Test
    void aRunThatWasKilledInItsFirstEpochCanOnlyBeginAnew() throws IOException {
        Path out = home.resolve("early");
        Files.createDirectory(home.resolve("early.unfinished"));
        refuses(out, "early.unfinished exists, left by a run that was killed in its first epoch; --overwrite");
        Cli.Answer resumed = Cli.run("train", "--resume", "--out", out);
        assertThat(resumed.err())
                .isEqualTo("limbeck: nothing to resume: the run at " + out
                        + " has not finished its first epoch; start again with --overwrite" + System.lineSeparator());
        train(out, "--overwrite").done();
        assertThat(home.toFile().list((folder, name) -> name.contains("early"))).containsExactly("early");
    }

    @Test
    void replacesNoFolderOfSomethingElse() throws IOException {
        Path precious = Files.createDirectory(home.resolve("precious"));
        Files.writeString(precious.resolve("thesis.txt"), "years of work");
        String refusal = "contains files that are not of a run, so it is not overwritten";
        refuses(precious, refusal, "--overwrite");
        refuses(precious.resolve("thesis.txt"), refusal, "--overwrite");
        Path annotated = home.resolve("annotated");
        train(annotated).done();
        Files.writeString(annotated.resolve("notes.txt"), "what I learned");
        refuses(annotated, refusal, "--overwrite");
        refuses(precious.getRoot(), "cannot be a run directory");
    }

    @Test
    void keepsWhatAppearsInItsPlaceMeanwhile() throws IOException {
        Path place = home.resolve("late");
        try (RunDirectory directory = RunDirectory.create(place, true);
                Learner learner = Learner.create(
                        Datasets.open(home.resolve("two").toString())
                                .imageSize(32)
                                .build(),
                        Zoo.CIFAR_RESNET8)) {
            Files.writeString(Files.createDirectory(place).resolve("thesis.txt"), "years of work");
            assertThatThrownBy(() -> directory.finish(learner, RunJson.read(RecipeFiles.tree(), RunRecord.class)))
                    .hasMessageContaining("something else has appeared there in the meantime")
                    .hasMessageEndingWith("it is kept in " + place + ".unfinished");
        }
        assertThat(place.resolve("thesis.txt")).hasContent("years of work");
        assertThat(home.resolve("late.unfinished/model.safetensors")).exists();
    }

    @Test
    void doesNotReplaceTheTeacherByItsStudent() throws IOException {
        Path out = home.resolve("teacher");
        train(out).done();
        Set<String> before = Cli.listing(home);
        Cli.Answer answer = Cli.run(
                "distill", "--data", home.resolve("two"), Cli.TINY, "--teacher", out, "--out", out, "--overwrite");
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.err()).contains("the teacher lies in --out");
        assertThat(Cli.listing(home)).isEqualTo(before);
    }

    @Test
    void leavesANeighborNamedOldAlone() throws IOException {
        Path out = home.resolve("again");
        train(out).done();
        Path neighbor = Files.createDirectory(home.resolve("again.old"));
        Files.writeString(neighbor.resolve("note.txt"), "mine");
        train(out, "--overwrite").done();
        assertThat(neighbor.resolve("note.txt")).hasContent("mine");
    }

    @Test
    void namesTheStepAndTermOfALossThatIsNotFinite() throws IOException {
        refuses(home.resolve("new/folders/diverged"), "in term 'task'; lower the learning rate", "--lr", "1e30");
    }

    @Test
    void refusesAPlaceBelowAFile() throws IOException {
        Files.writeString(home.resolve("file"), "text");
        refuses(home.resolve("file/run"), "is a file, expected a folder");
    }

    @Test
    void refusesAFolderThatCannotBeWritten() throws IOException {
        Path folder = Files.createDirectory(home.resolve("locked"));
        assumeTrue(folder.toFile().setWritable(false) && !Files.isWritable(folder), "this user may write anywhere");
        refuses(folder.resolve("run"), "this user may not write");
    }

    @Test
    void makesMissingParents() {
        Path out = home.resolve("some/where/run");
        train(out).done();
        assertThat(out.resolve("model.safetensors")).exists();
    }
}
