package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test labels from a table: one class, several labels or numbers. */
class LabelTableTest {
    @TempDir
    Path folder;

    private Path images;

    @BeforeEach
    void draw() throws IOException {
        images = Files.createDirectories(folder.resolve("images"));
        for (int i = 0; i < 8; i++) {
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
            image.setRGB(i, 0, 0xffffff);
            ImageIO.write(image, "png", images.resolve("p" + i + ".png").toFile());
        }
    }

    private Path table(String text) throws IOException {
        return Files.writeString(folder.resolve("labels.csv"), text);
    }

    private ImageData data(Path table, Task.@Nullable Kind kind, String... columns) {
        return ImageData.builder(images)
                .imageSize(8)
                .batchSize(8)
                .validFraction(0.25)
                .labels(table, kind, List.of(columns))
                .build();
    }

    private static String rows(String header, String... cells) {
        StringBuilder text = new StringBuilder(header).append('\n');
        for (int i = 0; i < 8; i++) {
            text.append("p")
                    .append(i)
                    .append(".png,")
                    .append(cells[i % cells.length])
                    .append('\n');
        }
        return text.toString();
    }

    @Test
    void severalColumnsOfZeroAndOneAreLabels() throws IOException {
        try (ImageData data = data(table(rows("file,red,big", "0,1", "1,0", "1,")), null)) {
            assertThat(data.task()).isEqualTo(new Task.MultiLabel(List.of("red", "big")));
            assertThat(data.size(Split.TRAIN)).isEqualTo(6);
            assertThat(data.summary()).contains("2 labels (red ");
            Targets targets = data.targets(Split.TRAIN);
            assertThat(targets.columns()).isEqualTo(2);
            assertThat(targets.known()).isEqualTo(6);
            try (DataLoader batches = data.evaluate(Split.TRAIN);
                    Scope scope = Scope.open()) {
                Batch batch = Objects.requireNonNull(batches.next());
                assertThat(Tensors.toFloats(batch.targets())).isEqualTo(Tensors.toFloats(targets.tensor()));
                assertThat(Tensors.toLongs(batch.labels())).containsOnly(-1);
            }
        }
    }

    @Test
    void numbersAreStandardizedByTheTrainingRows() throws IOException {
        try (ImageData data = data(table(rows("file,kg", "1.5", "2", "-4e1", "7")), null)) {
            Task.Regression task = (Task.Regression) data.task();
            assertThat(task.names()).containsExactly("kg");
            Targets targets = data.targets(Split.TRAIN);
            double sum = 0;
            double squares = 0;
            for (int row = 0; row < targets.size(); row++) {
                sum += targets.value(row, 0);
                squares += targets.value(row, 0) * targets.value(row, 0);
            }
            assertThat(sum / targets.size()).isCloseTo(0, within(1e-6));
            assertThat(squares / targets.size()).isCloseTo(1, within(1e-6));
            assertThat(data.targets(Split.TRAIN).words(0, task)).isIn("1.500", "2.000", "-40.00", "7.000");
            assertThat(data.describe()).containsEntry("task", "regression").containsKey("target_mean");
        }
    }

    @Test
    void aColumnOfTextIsAClass() throws IOException {
        try (ImageData data = data(table(rows("file,kind", "cat", "dog")), null)) {
            assertThat(data.task()).isEqualTo(new Task.SingleLabel(List.of("cat", "dog")));
            assertThat(data.targets(Split.VALID).areLabels()).isTrue();
        }
    }

    @Test
    void wholeNumbersAreClassesOnRequestInTheirOrder() throws IOException {
        try (ImageData data = data(table(rows("file,kind", "10", "9")), Task.Kind.SINGLE_LABEL)) {
            assertThat(data.classNames()).containsExactly("9", "10");
        }
        try (ImageData data = data(table(rows("file,kind", "10", "9")), Task.Kind.REGRESSION)) {
            assertThat(data.task().kind()).isEqualTo(Task.Kind.REGRESSION);
        }
    }

    @Test
    void columnsAreChosenAndNamesNeedNoSuffix() throws IOException {
        String text = rows("id,note,b,a", "x,0,1", "y,1,0").replace(".png", "");
        try (ImageData data = data(table("\uFEFF" + text), null, "a", "b")) {
            assertThat(data.classNames()).containsExactly("a", "b");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"labels.tsv", "semicolons.csv", "labels.jsonl", "labels.csv.gz", "labels.txt"})
    void tablesOfOtherFormsHaveTheSameLabels(String name) throws IOException {
        String text = rows("file,b,a", "0,1", "1,0");
        String written = switch (name) {
            case "labels.tsv" -> text.replace(',', '\t');
            case "semicolons.csv" -> text.replace(',', ';');
            case "labels.jsonl" ->
                text.lines()
                        .skip(1)
                        .map(line -> line.replaceFirst("(.*),(.*),(.*)", "{\"file\":\"$1\",\"b\":$2,\"a\":$3}\n"))
                        .collect(Collectors.joining());
            default -> text;
        };
        Path table = folder.resolve(name);
        try (OutputStream out = name.endsWith("gz")
                ? new GZIPOutputStream(Files.newOutputStream(table))
                : Files.newOutputStream(table)) {
            out.write(written.getBytes(StandardCharsets.UTF_8));
        }
        try (ImageData data = data(table, null);
                ImageData plain = data(table(text), null)) {
            assertThat(data.classNames()).containsExactly("b", "a");
            assertThat(data.fingerprint()).isEqualTo(plain.fingerprint());
        }
    }

    @Test
    void whatHasNoRowOrNoImageIsCounted() throws IOException {
        Path table = table("file,a,b\np0.png,0,1\np1.png,1,1\np2.png,1,0\ngone.png,0,0\n");
        try (ImageData data = data(table, null)) {
            assertThat(data.warnings())
                    .anyMatch(line -> line.startsWith("5 have no row in " + table + " and no label, such as 'p3.png'"))
                    .anyMatch(line ->
                            line.startsWith("1 are rows of " + table + " without an image, such as 'gone.png'"));
            // Images without labels are kept for a teacher.
            assertThat(data.size(Split.TRAIN)).isGreaterThan(5);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
            file,a,b;p0.png,0,2                | MULTI_LABEL | 'b' of 'p0.png' must be 0 or 1, found '2'; leave the cell empty
            file,a,b;p0.png,0,yes              |             | has 2 columns of labels, and not all are numbers; choose columns
            file,a;p0.png,NaN                  | REGRESSION  | 'a' of 'p0.png' must be a finite number, found 'NaN'; leave the cell
            file,a;p0.png,1e99                 | REGRESSION  | must be a finite number, found '1e99'
            file,a;p0.png,0x1p3                | REGRESSION  | must be a finite number, found '0x1p3'
            file,a;p0.png,3;p1.png,4           |             | set the task (task, --task): single-label or regression
            file,a,;p0.png,1,2                 |             | must name each column once in its first line
            file,a,a;p0.png,1,2                |             | must name each column once in its first line
            file;p0.png                        |             | expected a header with the file and at least one label
            file,a,b;p0.png,1                  |             | has 2 cells, the header 3
            file,a;p0.png,1.5;p0.png,2.5       |             | has two rows of 'p0.png' with different labels; keep one
            file,a                             |             | has no rows
            file,a,b;q.png,0,1                 |             | names no image of
            file,a,b;p0.png,0,1                | SINGLE_LABEL | has 2 columns of labels, 'a', 'b'; choose the one with the class
            """)
    void whatDoesNotFitIsOneLine(String text, @Nullable String kind, String expected) throws IOException {
        Path table = table(text.replace(';', '\n') + "\n");
        assertThatThrownBy(() -> data(table, kind == null ? null : Task.Kind.valueOf(kind)))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(expected)
                .hasMessageNotContaining("\n");
    }

    /** Numbers stand first, by value, then other names; each class has its own index, in any order of the rows. */
    @Test
    void namesThatAreNumbersAndWordsHaveOneOrder() throws IOException {
        List<String> cells = List.of("1a", "10a", "12", "9", "10", "11", "9", "2");
        List<String> reversed = new ArrayList<>(cells);
        Collections.reverse(reversed);
        for (List<String> order : List.of(cells, reversed)) {
            StringBuilder text = new StringBuilder("file,kind\n");
            for (int i = 0; i < 8; i++)
                text.append("p").append(i).append(".png,").append(order.get(i)).append('\n');
            LabelTable table = LabelTable.read(table(text.toString()), List.of(), Task.Kind.SINGLE_LABEL);
            assertThat(table.task().names()).containsExactly("2", "9", "10", "11", "12", "10a", "1a");
            for (int i = 0; i < 8; i++) {
                int label = (int) table.rows().get("p" + i + ".png")[0];
                assertThat(table.task().names().get(label)).isEqualTo(order.get(i));
            }
        }
    }

    @Test
    void aMaskDoesNotTakeTheLabelOfItsImage() throws IOException {
        Files.copy(images.resolve("p0.png"), images.resolve("p0.bmp"));
        Path table = table("file,kind\np0,red\np1,blue\np2,red\np3,blue\n");
        TabledSource source = new TabledSource(ImageFolder.of(images), LabelTable.read(table, List.of(), null));
        long labeled = IntStream.range(0, source.size())
                .filter(i -> source.label(i) >= 0)
                .count();
        assertThat(labeled).isEqualTo(3);
        assertThat(source.warnings())
                .anyMatch(line -> line.startsWith("1 are rows of " + table + " for several images,")
                        && line.endsWith("such as 'p0'"));
        assertThatThrownBy(() -> new TabledSource(
                        ImageFolder.of(images), LabelTable.read(table("file,kind\np0,red\n"), List.of(), null)))
                .hasMessageContaining("by 'p0'; write the suffix or the folder, too");
    }

    /** A Mac writes names of files in the decomposed form, spreadsheets in the composed one. */
    @Test
    void namesInAnotherUnicodeFormAreFound() throws IOException {
        String composed = Normalizer.normalize("Müller", Normalizer.Form.NFC);
        String decomposed = Normalizer.normalize("Müller", Normalizer.Form.NFD);
        Files.move(images.resolve("p0.png"), images.resolve(decomposed + ".png"));
        Files.createDirectories(images.resolve(decomposed));
        Files.move(images.resolve("p1.png"), images.resolve(decomposed + "/ä.png"));
        ImageFolder folder = ImageFolder.of(images);
        for (String end : List.of(".png", "")) {
            Path table = table("file,kind\n%1$s%2$s,red\n%1$s/ä%2$s,blue\np2%2$s,red\n".formatted(composed, end));
            TabledSource source = new TabledSource(folder, LabelTable.read(table, List.of(), null));
            Map<String, Integer> labels = new HashMap<>();
            for (int i = 0; i < source.size(); i++) labels.put(source.name(i), source.label(i));
            assertThat(labels)
                    .hasSize(8)
                    .containsEntry(decomposed + ".png", 1)
                    .containsEntry(decomposed + "/ä.png", 0)
                    .containsEntry("p2.png", 1)
                    .containsEntry("p3.png", -1);
            assertThat(source.warnings()).noneMatch(line -> line.contains("without an image"));
        }
        // The file of the exact name goes first; the other has no row.
        Files.copy(images.resolve(decomposed + ".png"), images.resolve(composed + ".png"));
        TabledSource source = new TabledSource(
                ImageFolder.of(images),
                LabelTable.read(table("file,kind\n" + composed + ".png,red\np2.png,blue\n"), List.of(), null));
        for (int i = 0; i < source.size(); i++) {
            boolean labeled = List.of(composed + ".png", "p2.png").contains(source.name(i));
            assertThat(source.label(i) >= 0).as(source.name(i)).isEqualTo(labeled);
        }
    }

    @Test
    void aColumnThatIsNotThereIsNamed() throws IOException {
        Path table = table(rows("file,colour", "red", "blue"));
        assertThatThrownBy(() -> data(table, null, "color"))
                .hasMessageContaining("no column 'color' in " + table + "; nearest: colour");
        assertThatThrownBy(() -> data(table, null, "file")).hasMessageContaining("no column 'file'");
    }

    @Test
    void textThatIsNotUtf8IsOneLine() throws IOException {
        Path table = folder.resolve("latin.csv");
        Files.write(table, rows("file,kind", "grün", "rot").getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> data(table, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(table + ": is not UTF-8 text; save it in UTF-8");
    }

    /** Unix times differ by less than float32 can represent, but their standardized values do not. */
    @Test
    void largeNumbersKeepTheirDifferences() throws IOException {
        try (ImageData data =
                data(table(rows("file,t", "1700000001", "1700000002", "1700000004")), Task.Kind.REGRESSION)) {
            Targets targets = data.targets(Split.TRAIN);
            assertThat(IntStream.range(0, targets.size())
                            .mapToObj(row -> targets.value(row, 0))
                            .distinct())
                    .hasSize(3);
            assertThat(data.warnings()).anyMatch(line -> line.startsWith("the target 't' varies by "));
        }
    }

    @Test
    void aTargetThatNeverChangesIsRefused() throws IOException {
        Path table = table(rows("file,a,b", "1.5,3", "2.5,3"));
        assertThatThrownBy(() -> data(table, null))
                .hasMessageContaining("the target 'b' is 3.0 for all training images of")
                .hasMessageEndingWith("leave it out (label_columns, --label-columns)");
        // The mean of three times 0.1 is no 0.1.
        Path tenths = table(rows("file,b", "0.1", "0.1", "0.1"));
        assertThatThrownBy(() -> data(tenths, Task.Kind.REGRESSION))
                .hasMessageContaining("the target 'b' is 0.1 for all training images of");
    }

    @Test
    void numbersWithoutTrainingRowsCanBeEvaluated() throws IOException {
        try (ImageData data = data(table(rows("file,split,age", "test,20", "test,40")), Task.Kind.REGRESSION, "age")) {
            assertThat(data.size(Split.TEST)).isEqualTo(8);
            assertThat(data.task()).isEqualTo(new Task.Regression(List.of("age")));
            assertThat(data.targets(Split.TEST).value(1, 0)).isEqualTo(40);
        }
    }

    @Test
    void aLabelThatNeverChangesIsSaid() throws IOException {
        try (ImageData data = data(table(rows("file,a,b", "0,1", "1,1")), null)) {
            assertThat(data.warnings())
                    .anyMatch(line -> line.startsWith("the label 'b' is the same for all training images"));
        }
    }

    @Test
    void settingsOfClassesAreRefused() throws IOException {
        Path table = table(rows("file,a,b", "0,1", "1,0"));
        assertThatThrownBy(() ->
                        ImageData.builder(images).labels(table).balanced(true).build())
                .hasMessage(
                        "balanced batches need one class per image, found multi-label classification; leave it out");
        assertThatThrownBy(() -> ImageData.builder(images)
                        .labels(table)
                        .labelsPerClass(2)
                        .build())
                .hasMessageStartingWith("a limit of labels per class needs one class per image");
    }
}
