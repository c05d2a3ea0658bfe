package dev.limbeck.distill.served;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.ScriptFiles;
import dev.limbeck.compare.Comparison;
import dev.limbeck.data.image.PicturesForTests;
import dev.limbeck.distill.served.InferenceServer.Fault;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TeacherCaching;
import dev.limbeck.recipe.TeacherCheckRun;
import dev.limbeck.run.RunRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test whole recipes with a teacher behind a server against the same with its file. */
class ServedDistillationTest {
    @TempDir
    Path home;

    private Path file = Path.of("");
    private InferenceServer server;

    @BeforeEach
    void serve() throws IOException {
        PicturesForTests.write(home.resolve("pictures"), 12, "cat", "dog", "fish");
        file = home.resolve("teacher.pt");
        ScriptFiles.write(file, "return 3 * torch.mean(x, [2, 3]) + x[:, :, 0, 0]", Map.of());
        server = new InferenceServer(file, 0);
        server.metadata = server.metadata.replace("3, 8, 8", "3, 24, 24");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Recipe recipe(String model, Consumer<ObjectNode> change) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", home.resolve("pictures").toString())
                .put("batch_size", 9)
                .put("image_size", 24)
                .put("valid_fraction", 0.25);
        tree.withObject("/data/augment").put("views", 1);
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 1).put("lr", 1e-2);
        tree.putObject("teacher").put("model", model);
        change.accept(tree);
        return RecipeFiles.bind(tree, "");
    }

    private RunRecord run(Recipe recipe, String out) {
        return new RecipeRun(recipe, RunContext.silent()).run(home.resolve(out), false);
    }

    @Test
    void aStudentIsTheSameToTheBit() throws IOException {
        RunRecord own = run(recipe(file.toString(), tree -> {}), "own");
        RunRecord served = run(recipe(server.address("toy"), tree -> {}), "served");
        assertThat(served.modelSha256()).isEqualTo(own.modelSha256());
        String record = Files.readString(home.resolve("served/run.json"));
        assertThat(record).contains("\"" + server.address("toy") + "\"");
        Recipe split = recipe(
                server.address("toy"), tree -> tree.withObject("/teacher").put("requests", 3));
        assertThat(run(split, "split").modelSha256())
                .as("this teacher computes each row alone")
                .isEqualTo(own.modelSha256());
        Recipe ensemble = recipe("", tree -> {
            tree.putObject("teacher").putArray("members").addObject().put("model", server.address("toy"));
            tree.withArray("/teacher/members").addObject().put("model", file.toString());
        });
        assertThat(run(ensemble, "ensemble").modelSha256())
                .as("two equal teachers")
                .isEqualTo(own.modelSha256());
    }

    @Test
    void outputsAreCachedByVersion() {
        Recipe cached = recipe(
                server.address("toy"),
                tree -> tree.withObject("/teacher")
                        .put("cache", home.resolve("kept").toString()));
        assertThat(TeacherCaching.of(cached, RunContext.silent()).rows()).isEqualTo(27);
        server.shapes.clear();
        RunRecord kept = run(cached, "from-kept");
        int asked = server.shapes.size();
        server.shapes.clear();
        RunRecord live = run(recipe(server.address("toy"), tree -> {}), "live");
        assertThat(asked).as("the epoch has three batches").isLessThanOrEqualTo(server.shapes.size() - 3);
        assertThat(kept.modelSha256()).isEqualTo(live.modelSha256());
        server.metadata = server.metadata.replace("[\"1\"]", "[\"1\", \"3\"]");
        assertThatThrownBy(() -> run(cached, "unknown"))
                .hasMessage("outputs of teacher toy cannot be cached in a folder, because it has no fingerprint; "
                        + "turn the cache off, or, if it is a served model, name its version (…/versions/3)");
        server.metadata = server.metadata.replace("[\"1\", \"3\"]", "[\"3\"]");
        server.version = "3";
        assertThatThrownBy(() -> run(cached, "other"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("kept");
    }

    @Test
    void aFaultEndsARunInOneLineAndLeavesNothing() throws IOException {
        for (Fault fault : new Fault[] {Fault.NAN, Fault.TRUNCATED, Fault.GARBAGE}) {
            server.fault = fault;
            assertThatThrownBy(() -> run(recipe(server.address("toy"), tree -> {}), "bad"))
                    .isInstanceOf(LimbeckException.class)
                    .message()
                    .hasLineCount(1)
                    .contains("toy");
            if (!Files.exists(home.resolve("bad"))) continue;
            try (Stream<Path> left = Files.walk(home.resolve("bad"))) {
                assertThat(left.filter(Files::isRegularFile)).isEmpty();
            }
        }
    }

    @Test
    void checkAndCompareTakeIt() {
        Recipe recipe = recipe(server.address("toy/versions/1"), tree -> {});
        TeacherCheckRun check = TeacherCheckRun.of(recipe, RunContext.silent());
        assertThat(check.file()).isEqualTo(server.address("toy/versions/1"));
        assertThat(check.kind()).isEqualTo(ServedModel.KIND);
        assertThat(new Comparison(Map.of("taught", recipe), 1, 0, home.resolve("compared"), RunContext.silent())
                        .run()
                        .teachers())
                .hasSize(1);
    }

    @Test
    void settingsThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> recipe("http://me:s3cret@host/v2/models/m", tree -> {}))
                .hasMessageContaining("must not contain a user or a password")
                .message()
                .doesNotContain("s3cret");
        assertThatThrownBy(() -> run(
                        recipe(
                                file.toString(),
                                tree -> tree.withObject("/teacher").put("requests", 2)),
                        "no"))
                .hasMessage("requests applies only to served models, found " + file + "; leave it out");
        assertThatThrownBy(() -> run(
                        recipe(
                                server.address("toy"),
                                tree -> tree.withObject("/teacher").put("architecture", "resnet18")),
                        "no"))
                .hasMessage(server.address("toy") + " contains a whole network; leave its architecture out");
    }
}
