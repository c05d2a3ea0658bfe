package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test which folder names are recognized as splits. */
class FolderSplitsTest {
    @TempDir
    Path folder;

    private void write(String... names) throws IOException {
        for (String name : names) TestImages.write(folder.resolve(name), 0x808080);
    }

    /** Create a cat and a dog in each folder. */
    private void classes(String... folders) throws IOException {
        for (String each : folders) write(each + "/cat/1.png", each + "/dog/2.png");
    }

    private ImageFolder images() {
        return ImageFolder.of(folder);
    }

    /** Return the split of the images of each top folder, as text. */
    private String found() {
        ImageFolder source = images();
        Map<String, Split> splits = new TreeMap<>();
        for (int i = 0; i < source.size(); i++) {
            splits.put(source.name(i).replaceFirst("/.*", ""), source.split(i));
        }
        assertThat(source.classNames()).containsExactly("cat", "dog");
        assertThat(IntStream.range(0, source.size()).map(source::label)).allMatch(label -> label >= 0);
        return splits.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue().label())
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train validation          | train=train validation=valid",
                "Training Testing          | Testing=test Training=train",
                "training Validation TEST  | TEST=test Validation=valid training=train",
                "train dev eval            | dev=valid eval=test train=train",
                "train eval                | eval=valid train=train",
                "train eval test           | eval=valid test=test train=train",
                "train val eval            | eval=test train=train val=valid",
                "seg_train seg_test        | seg_test=test seg_train=train",
                "train_images test_images  | test_images=test train_images=train",
                "train2017 val2017         | train2017=train val2017=valid",
                "TrainSet ValSet           | TrainSet=train ValSet=valid",
                "01_train 02_valid 03_test | 01_train=train 02_valid=valid 03_test=test",
                "pets-training pets-dev    | pets-dev=valid pets-training=train",
                "train my_validation       | my_validation=valid train=train",
                "train_dataset val_images  | train_dataset=train val_images=valid",
                "train_images test_set     | test_set=test train_images=train",
                "train_images test         | test=test train_images=train",
                "set_train images_dev new_eval | images_dev=valid new_eval=test set_train=train",
                "pets_train beasts_test    | beasts_test=test pets_train=train"
            })
    void knowsTheNamesOfSplits(String folders, String expected) throws IOException {
        classes(folders.split(" +"));
        assertThat(found()).isEqualTo(expected);
    }

    @Test
    void stepsIntoWhatASplitHoldsAlone() throws IOException {
        classes("seg_train/seg_train", "seg_test/seg_test");
        assertThat(found()).isEqualTo("seg_test=test seg_train=train");
    }

    @ParameterizedTest
    @CsvSource({"test, test=test", "set/Testing, Testing=test", "val, val=valid", "dev/images, dev=valid"})
    void aFolderMayContainOnlyEvaluationImages(String given, String expected) throws IOException {
        classes(given);
        assertThat(found()).isEqualTo(expected);
        try (ImageData data = ImageData.builder(folder).build()) {
            assertThat(data.has(Split.TRAIN)).isFalse();
            assertThat(data.warnings()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "dev/train dev/val, train=train val=valid",
        "dev/images/train dev/images/test, test=test train=train",
        "test/data/train test/data/val, train=train val=valid",
        "Testing/seg_train Testing/seg_test, seg_test=test seg_train=train",
        "val/train_photos val/test_set, test_set=test train_photos=train"
    })
    void aLoneFolderOfSplitsIsAWrapperWhateverItIsCalled(String given, String expected) throws IOException {
        classes(given.split(" "));
        assertThat(found()).isEqualTo(expected);
    }

    @Test
    void aLoneTestMayHaveAClassOfTrains() throws IOException {
        write("test/train/1.png", "test/plane/2.png", "test/car/3.png");
        ImageFolder source = images();
        assertThat(source.classNames()).containsExactly("car", "plane", "train");
        assertThat(source.split(0)).isEqualTo(Split.TEST);
    }

    @Test
    void stepsIntoAFolderForTheImages() throws IOException {
        classes("train/images", "val/images");
        assertThat(found()).isEqualTo("train=train val=valid");
    }

    @Test
    void stepsIntoWrappersBesideOtherFiles() throws IOException {
        classes("set/data/train", "set/data/valid");
        Files.writeString(folder.resolve("README.md"), "pets");
        Files.writeString(folder.resolve("set/labels.csv"), "a,b");
        Files.createDirectories(folder.resolve("set/docs"));
        Files.writeString(folder.resolve("set/docs/notes.txt"), "x");
        assertThat(found()).isEqualTo("train=train valid=valid");
        assertThat(images().warnings()).containsExactly("files left out that are not images: 1 .csv, 1 .md, 1 .txt");
    }

    @Test
    void splitsInsideAFolderBesideImagesAreFoundAndTheOthersCounted() throws IOException {
        classes("set/train", "set/val");
        write("samples/1.png", "samples/2.png", "cover.png");
        assertThat(found()).isEqualTo("train=train val=valid");
        assertThat(images().warnings())
                .containsExactly("images beside the splits are not used: 2 in 'samples', 1 in no folder");
        assertThat(SkippedFile.counts(images().leftOut())).isEqualTo(Map.of("unused", 3));
    }

    @Test
    void imagesBesideTheSplitsAreCounted() throws IOException {
        classes("train", "valid", "extra");
        write("unlabeled/1.png");
        assertThat(found()).isEqualTo("train=train valid=valid");
        assertThat(images().warnings())
                .containsExactly("images beside the splits are not used: 2 in 'extra', 1 in 'unlabeled'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "fold1 fold2         | the folders 'fold1', 'fold2'",
                "part_a part_b rest  | hold the same folders ('cat', 'dog')",
                "entrenar prueba     | name them train, valid and test",
                "train holdout       | 'holdout' holds the same classes as 'train'; call it valid or test",
                "train test fold_2   | 'fold_2' holds the same classes as 'train'",
                "train training test | the folders 'train' and 'training' all look like the training split",
                "train dev val       | the folders 'dev' and 'val' all look like the validation split",
                "train2014 val2014 train2017 val2017 | the folders 'train2014' and 'train2017'",
                "cat/train cat/test dog/train dog/test | each of the folders 'cat', 'dog'"
            })
    void refusesWhatMayBeASplit(String folders, String expected) throws IOException {
        classes(folders.split(" +"));
        assertThatThrownBy(() -> ImageData.builder(folder).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void splitsMayHaveDifferentWordsAroundThem() throws IOException {
        classes("train_dataset", "val_images");
        write("test_unlabeled/1.png");
        assertThat(splits())
                .isEqualTo("test_unlabeled/1.png=test train_dataset/cat/1.png=train train_dataset/dog/2.png=train "
                        + "val_images/cat/1.png=valid val_images/dog/2.png=valid");
    }

    @Test
    void stepsIntoSplitsInTheTrainingFolder() throws IOException {
        classes("train/train", "train/val", "test");
        assertThat(splits())
                .isEqualTo("test/cat/1.png=test test/dog/2.png=test train/train/cat/1.png=train "
                        + "train/train/dog/2.png=train train/val/cat/1.png=valid train/val/dog/2.png=valid");
        assertThat(images().classNames()).containsExactly("cat", "dog");
        write("train/other/3.png", "train/4.png");
        assertThat(images().warnings())
                .containsExactly("images beside the splits are not used: 1 in 'other', 1 in no folder");
    }

    private String splits() {
        ImageFolder source = images();
        return IntStream.range(0, source.size())
                .mapToObj(i -> source.name(i) + "=" + source.split(i).label())
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "train.X1/a train.X1/b train.X2/c train.X2/d val.X/a val.X/c | 'train.X1', 'train.X2', 'val.X'",
                "train/train/cat train/train/dog train/test/cat test/cat test/dog | 'test', 'train' in",
                "train/train train/val test/a test/b | 'train', 'val' in",
                "cat dog val/cat val/dog     | the folder 'val' in",
                "val test                    | the folders 'test', 'val' in",
                "p1/0 p1/1 p2/0 p2/1 p3/0    | the folders 'p1', 'p2', 'p3'",
                "d1/a d1/b d2/b d2/c d3/a d3/c | hold the same folders ('a', 'b', 'c')",
                "x y d1/a d1/b d2/b d2/a     | the folders 'd1', 'd2' in",
                "train/color/a train/color/b train/gray/a train/gray/b valid/a | the folders 'color', 'gray' in",
                "train/a train/b test/day/a test/day/b test/night/a test/night/b | the folders 'day', 'night' in",
                "cat dog holdout/cat holdout/dog | the folder 'holdout' in",
                "train/cat train/dog train/more/cat train/more/dog | the folder 'more' in"
            })
    void refusesFoldersThatAreHardlyClasses(String folders, String expected) throws IOException {
        for (String each : folders.split(" +")) write(each + "/1.png", each + "/2.png");
        assertThatThrownBy(() -> ImageData.builder(folder).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(expected)
                .hasMessageMatching(".*; .*(name|use|put) .*");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "dog/poodle dog/beagle cat/siamese cat/persian | cat dog |",
                "dog/poodle dog/other cat/siamese cat/other    | cat dog |",
                "dog/photos cat/photos                         | cat dog |",
                "dog/frames cat/frames                         | cat dog |",
                "cat dog/cropped dog/full                      | cat dog |",
                "bus/a bus/b crash_test/c crash_test/d         | bus crash_test |",
                "steam_train crash_test | crash_test steam_train | taken for classes, not for splits: 'crash_test', 'steam",
                "x_images_part_1 x_images_part_2 | x_images_part_1 x_images_part_2 | rarely called so: 'x_images_part_1', 'x",
                "images_001 images_002           | images_001 images_002 | rarely called so: 'images_001', 'images_002'",
                "part1 part2 cat                 | cat part1 part2       | rarely called so: 'part1', 'part2'; give",
                "images masks                    | images masks          | rarely called so: 'images', 'masks'; give",
                "class1 class2 set cat10         | cat10 class1 class2 set |"
            })
    void takesForClassesWhatMayBeThem(String folders, String expected, String warning) throws IOException {
        for (String each : folders.split(" +")) for (int i = 0; i < 4; i++) write(each + "/" + i + ".png");
        try (ImageData data = ImageData.builder(folder).build()) {
            assertThat(data.classNames()).containsExactly(expected.split(" "));
            if (warning == null) assertThat(data.warnings()).isEmpty();
            else assertThat(data.warnings()).singleElement().asString().contains(warning);
        }
    }

    @Test
    void foldersAreNoLabelsWhereNamesAre() throws IOException {
        write("north/2023/cat1.png", "north/2024/dog1.png", "south/2023/cat2.png", "south/2024/dog2.png");
        try (ImageData data = ImageData.builder(folder)
                .labelByName(name -> name.substring(0, 3))
                .validFraction(0)
                .build()) {
            assertThat(data.classNames()).containsExactly("cat", "dog");
        }
    }

    @Test
    void noValidationIsDrawnWhileOneIsPacked() throws IOException {
        classes("train");
        Files.writeString(folder.resolve("valid.zip"), "PK");
        assertThatThrownBy(this::images)
                .isInstanceOf(LimbeckException.class)
                .hasMessage("there is no validation split in " + folder
                        + " but valid.zip, which is not unpacked; unpack it, or move it away");
        write("test/cat/3.png", "test/dog/3.png");
        assertThatThrownBy(this::images).isInstanceOf(LimbeckException.class).hasMessageContaining("valid.zip");
    }

    @Test
    void aTrainIsAClassAmongVehicles() throws IOException {
        write("bus/1.png", "car/2.png", "train/3.png");
        assertThat(images().classNames()).containsExactly("bus", "car", "train");
        assertThat(images().warnings())
                .containsExactly("taken for a class, not for a split: 'train'; splits are known by a folder called "
                        + "train that holds the classes");
    }

    @Test
    void emptySplitsAndClassesAreNamed() throws IOException {
        classes("train");
        Files.createDirectories(folder.resolve("valid"));
        Files.createDirectories(folder.resolve("train/fox"));
        assertThat(found()).isEqualTo("train=train");
        assertThat(images().warnings())
                .containsExactly("no class, since there is no image in it: 'fox' in 'train'", "no images in 'valid'");
    }

    @ParameterizedTest
    @CsvSource({"test/3.png", "test/unlabelled/3.png", "test/Unlabeled/3.png", "test/any_name/3.png", "test/test/3.png"
    })
    void aTestWithoutLabelsIsNotAClassAndNotEvaluated(String image) throws IOException {
        classes("train", "valid");
        write(image);
        try (ImageData data = ImageData.builder(folder).imageSize(8).build()) {
            assertThat(data.classNames()).containsExactly("cat", "dog");
            assertThat(data.has(Split.TEST)).isFalse();
            assertThatThrownBy(() -> data.evaluate(Split.TEST))
                    .hasMessageContaining("no test split in folder " + folder + " (without a label: 1)");
            assertThat(data.warnings())
                    .containsExactly("1 test image without a label, such as " + image + ": nothing is judged by it");
            assertThat(data.summary())
                    .isEqualTo("4 images, 2 classes, 2 train / 2 valid, shown at 8×8, 1 test left out without labels");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "train_model/1 test_model/2 | no labels: 'train_model', 'test_model' were taken for splits",
                "test/dog/1                 | images in one folder only, 'test/dog'; give one folder per class",
                "1                          | no labels; give one folder per class"
            })
    void saysWhatWasFoundInsteadOfClasses(String files, String expected) throws IOException {
        for (String each : files.split(" +")) write(each + ".png");
        assertThatThrownBy(() -> ImageData.builder(folder).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("expected at least 2 classes in folder " + folder + ", found " + expected);
    }

    @Test
    void aCacheOfHuggingFaceIsNoFolderOfImages() throws IOException {
        classes("snapshots/abc/train", "snapshots/abc/valid");
        write("blobs/0123.png");
        assertThatThrownBy(this::images)
                .isInstanceOf(LimbeckException.class)
                .hasMessageEndingWith("; give " + folder.resolve("snapshots/abc"));
    }

    @Test
    void noValidationIsDrawnWhileAGivenOneIsLost() throws IOException {
        classes("train", "test");
        Path valid = folder.resolve("valid");
        Files.createSymbolicLink(valid, folder.resolve("nowhere"));
        assertThatThrownBy(this::images).isInstanceOf(LimbeckException.class).hasMessageContaining("'valid', which");
        Files.delete(valid);
        Files.createSymbolicLink(valid, folder.resolve("test"));
        assertThatThrownBy(this::images)
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("no image of the validation split 'valid'");
    }
}
