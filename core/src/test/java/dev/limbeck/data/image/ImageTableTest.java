package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test tables that list images, and that only images in use are opened. */
class ImageTableTest {
    private static final int EACH = 30;

    @TempDir
    Path folder;

    private Path table;

    @BeforeEach
    void write() throws IOException {
        PicturesForTests.write(folder.resolve("photos"), EACH, "cat", "dog");
        StringBuilder text = new StringBuilder("path,label,split\n");
        for (String name : List.of("cat", "dog")) {
            for (int i = 0; i < EACH; i++) {
                String split = i < 20 ? "train" : i < 25 ? "Valid" : "test";
                text.append("photos/%s/p%d.png,%s,%s%n".formatted(name, i, name, split));
            }
        }
        table = Files.writeString(folder.resolve("labels.csv"), text);
    }

    private Path table(String text) throws IOException {
        return Files.writeString(folder.resolve("other.csv"), text);
    }

    @Test
    void anEmptyObjectNamesNoImage() throws IOException {
        Path lines = Files.writeString(folder.resolve("rows.jsonl"), "{}\n{\"path\": \"a.png\", \"label\": \"b\"}\n");
        assertThat(ImageTable.isAt(lines.toString())).isFalse();
    }

    @Test
    void listsImagesWithClassesAndSplits() {
        try (ImageData data = ImageData.builder(table).imageSize(8).build()) {
            assertThat(data.classNames()).containsExactly("cat", "dog");
            assertThat(data.size(Split.TRAIN)).isEqualTo(40);
            assertThat(data.size(Split.VALID)).isEqualTo(10);
            assertThat(data.size(Split.TEST)).isEqualTo(10);
            assertThat(data.name(Split.TEST, 9)).isEqualTo("photos/dog/p29.png");
            assertThat(data.targets(Split.TEST).words(9, data.task())).isEqualTo("dog");
            assertThat(data.warnings()).isEmpty();
            assertThat(data.origin()).isEqualTo("table " + table);
        }
        assertThat(Datasets.store().source(table.toString())).isInstanceOf(ImageTable.class);
    }

    @Test
    void recipesOpenItByItsFirstRow() throws IOException {
        Recipe recipe = Recipe.parse("data: {source: '" + table + "', image_size: 8}\nstudent: cifar-resnet8\n");
        try (ImageData data = (ImageData) recipe.data().open(0, recipe.architecture(), Map.of(), RunContext.silent())) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(40);
        }
        Path numbers = table("a,b,label\n1,2,x\n3,4,y\n");
        assertThat(ImageTable.isAt(numbers.toString())).isFalse();
        assertThat(Recipe.parse("data: {source: '" + numbers + "', label_columns: [label]}\nstudent: mlp\n")
                        .data()
                        .kind())
                .isEqualTo("table");
        assertThat(Recipe.parse("data: {source: '" + table
                                + "', label_columns: [label], ignore: [path]}\nstudent: mlp\n")
                        .data()
                        .kind())
                .isEqualTo("table");
        Recipe gone = Recipe.parse("data: {source: gone.csv, image_size: 8}\nstudent: cifar-resnet8\n");
        assertThatThrownBy(() -> gone.data().open(0, gone.architecture(), Map.of(), RunContext.silent()))
                .hasMessageContaining("gone.csv");
        assertThatThrownBy(() -> Recipe.parse(
                        "data: {source: '" + table + "', labels: '" + table + "'}\nstudent: cifar-resnet8\n"))
                .hasMessageContaining("found labels beside the table");
    }

    @Test
    void severalColumnsAndEmptyCells() throws IOException {
        Path several = table("path,note,red,big\nphotos/cat/p0.png,x,1,0\n./photos/cat/p1.png,y,0,\n"
                + "photos\\dog\\p0.png,z,0,1\nphotos/dog/p1.png,z,,\n");
        ImageTable images = ImageTable.of(several, Task.Kind.MULTI_LABEL, List.of("big", "red"));
        assertThat(images.task()).isEqualTo(new Task.MultiLabel(List.of("big", "red")));
        assertThat(IntStream.range(0, 4).mapToObj(images::name))
                .containsExactly("photos/cat/p0.png", "photos/cat/p1.png", "photos/dog/p0.png", "photos/dog/p1.png");
        assertThat(images.values(1)).containsExactly(Double.NaN, 0);
        assertThat(IntStream.range(0, 4).map(images::label)).containsExactly(0, 0, 0, -1);
    }

    @Test
    void namesInAnotherUnicodeFormAreFound() throws IOException {
        String composed = Normalizer.normalize("ä", Normalizer.Form.NFC);
        String decomposed = Normalizer.normalize("ä", Normalizer.Form.NFD);
        Files.move(folder.resolve("photos/cat/p0.png"), folder.resolve("photos/cat/" + decomposed + ".png"));
        Files.move(folder.resolve("photos/dog/p0.png"), folder.resolve("photos/dog/" + composed + ".png"));
        ImageTable images =
                ImageTable.of(table("path,label\nphotos/cat/%s.png,cat\nphotos/dog/%s.png,dog\nphotos/ü.png,dog\n"
                        .formatted(composed, decomposed)));
        assertThat(IntStream.range(0, images.size()).mapToObj(images::name))
                .containsExactly("photos/cat/" + composed + ".png", "photos/dog/" + decomposed + ".png");
        assertThat(images.load(0).width()).isPositive();
        assertThat(images.warnings()).singleElement().asString().startsWith("1 of 3 rows of ");
    }

    @Test
    void missingFilesAreCountedAndOthersStop() throws IOException {
        Files.delete(folder.resolve("photos/cat/p3.png"));
        Files.delete(folder.resolve("photos/dog/p3.png"));
        try (ImageData data = ImageData.builder(table).imageSize(8).build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(38);
            assertThat(data.warnings())
                    .containsExactly("2 of 60 rows of " + table
                            + " name files that do not exist, such as 'photos/cat/p3.png', 'photos/dog/p3.png'");
            assertThat(data.describe()).containsEntry("left_out", Map.of("missing", 2));
        }
        Files.writeString(folder.resolve("photos/cat/p4.png"), "");
        ImageDataBuilder builder = ImageData.builder(table).imageSize(8);
        assertThatThrownBy(builder::build)
                .hasMessageContaining("1 file of table " + table + " cannot be used: 1 .png (an empty file, such as");
        try (ImageData data = builder.skipBadImages(true).build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(37);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "path,label\\nnone/a.png,cat\\nb.png,dog | names no image: expected paths relative to",
                "path,split\\nphotos/cat/p0.png,train | has no column of labels beside 'split'",
                "path,label,split\\nphotos/cat/p0.png,cat,fold 1 | 'split' of 'photos/cat/p0.png' must be train, valid or test, "
                        + "found 'fold 1'",
                "path,label,split\\nphotos/cat/p0.png,cat, | found ''",
                "path\\nphotos/cat/p0.png | expected a header with the file and at least one label",
                "path,label\\nphotos,cat\\nphotos/cat/p0.png,dog | cannot be used: 1 without suffix (it cannot be opened",
            })
    void unusableTables(String text, String expected) throws IOException {
        Path wrong = table(text.replace("\\n", "\n"));
        assertThatThrownBy(() -> ImageData.builder(wrong).imageSize(8).build().close())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(expected)
                .hasMessageNotContaining("\n");
    }

    /** Reads of files are those that the JVM's flight recorder saw: of content, headers or hashes. */
    @ParameterizedTest
    @ValueSource(strings = {"labels.csv", "photos"})
    void imagesBeyondALimitAreNotOpened(String source) throws IOException {
        assumeTrue(FlightRecorder.isAvailable(), "this JVM has no flight recorder");
        Set<String> opened = new TreeSet<>();
        Set<String> used = new TreeSet<>();
        Path events = folder.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.FileRead").withThreshold(Duration.ZERO);
            recording.start();
            try (ImageData data = ImageData.builder(folder.resolve(source))
                    .imageSize(8)
                    .batchSize(4)
                    .validFraction(0.1)
                    .maxTrainSamples(8)
                    .build()) {
                assertThat(data.size(Split.TRAIN)).isEqualTo(8);
                for (Split split : Split.values()) {
                    for (int i = 0; i < data.size(split); i++) used.add(data.name(split, i));
                }
                try (DataLoader batches = data.train(0);
                        Scope scope = Scope.open()) {
                    assertThat(batches.next()).isNotNull();
                }
                data.fingerprint();
                assertThat(data.summary()).contains(60 - used.size() + " beyond the limit not opened");
            }
            recording.stop();
            recording.dump(events);
        }
        for (RecordedEvent event : RecordingFile.readAllEvents(events)) {
            String path = event.hasField("path") ? event.getString("path") : null;
            if (path == null || !path.startsWith(folder.toString()) || !path.endsWith(".png")) continue;
            Path root = source.equals("photos") ? folder.resolve("photos") : folder;
            opened.add(root.relativize(Path.of(path)).toString());
        }
        assertThat(opened).isEqualTo(used);
    }
}
