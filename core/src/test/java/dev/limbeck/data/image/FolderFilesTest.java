package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Draws;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.SkippedFile.Reason;
import dev.limbeck.image.ImageFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that every file of a folder is an image or counted with a reason. */
class FolderFilesTest {
    private static final byte[] HEIC = "\0\0\0\u0018ftypheic\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);

    @TempDir
    Path folder;

    private byte[] png;

    @BeforeEach
    void twoClasses() throws IOException {
        for (String name : List.of("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")) {
            TestImages.write(folder.resolve(name), 0x336699);
        }
        png = Files.readAllBytes(folder.resolve("cat/1.png"));
    }

    private void write(String name, byte... content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private void link(String name, String target) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        try {
            Files.createSymbolicLink(file, Path.of(target));
        } catch (UnsupportedOperationException | IOException e) {
            assumeTrue(false, "no symbolic links here");
        }
    }

    private Map<String, Reason> leftOut() {
        Map<String, Reason> found = new TreeMap<>();
        for (SkippedFile file : ImageFolder.of(folder).leftOut()) found.put(file.file(), file.reason());
        return found;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"fox/1", "fox/1.jfif", "fox/1.jpe", "fox/1.JPG", "fox/1.dat", "fox/1.png_original", "fox/a.b c"})
    void readsImagesByTheirContent(String name) throws IOException {
        write(name, png);
        try (ImageData data =
                ImageData.builder(folder).imageSize(8).validFraction(0).build()) {
            assertThat(data.classNames()).contains("fox");
            assertThat(data.size(Split.TRAIN)).isEqualTo(5);
        }
    }

    @Test
    void saysWhichFilesOnlyTheirContentShowsToBeImages() throws IOException {
        write("fox/1", png);
        write("fox/2", png);
        write("fox/3.bin", png);
        write("fox/4.bin", (byte) 1, (byte) 2);
        assertThat(ImageFolder.of(folder).warnings())
                .containsExactly(
                        "images by their content: 2 without suffix, 1 .bin",
                        "files left out that are not images: 1 .bin");
    }

    @Test
    void knowsFormatsByTheirFirstBytes() throws IOException {
        String icon = "\0\0\1\0\1\0\20\20\0\0\1\0\40\0\150\4\0\0\26\0\0\0";
        String[] heads = {
            "\u00ff\u00d8\u00ff\u00e0 JPEG",
            "\u0089PNG\r\n\u001a\n PNG",
            "GIF89a GIF",
            "BM\0\0\0\0\0\0\0\0\0\0\0\0(\0\0\0 BMP",
            "RIFF\0\0\0\0WEBPVP8  WEBP",
            "II*\0 TIFF",
            "MM\0* TIFF",
            "II*\0\20\0\0\0CR\2\0 RAW",
            "FUJIFILMCCD-RAW 0201 RAW",
            "\0\0\0\u0018ftypcrx \0\0\0\1crx isom RAW",
            "\0\0\0\u0018ftypheic HEIC",
            "\0\0\0\u0018ftypmif1\0\0\0\0mif1heic HEIC",
            "\0\0\0\u001cftypmif1\0\0\0\0mif1miafavif AVIF",
            "\0\0\0\u001cftypavif AVIF",
            "\0\0\0\u000cjP  \r\n JPEG_2000",
            "\u00ff\u004f\u00ff\u0051\0 JPEG_2000",
            "\0\0\0\u000cJXL \r\n JPEG_XL",
            "\u00ff\n\u00fa\1 JPEG_XL",
            icon + " ICON",
            "icns\0\0 ICON",
            "<svg xmlns='http://www.w3.org/2000/svg'> SVG",
            "\u00ef\u00bb\u00bf<?xml version='1.0'?>\n<!-- drawn - by -- hand -->\n<svg width='1'/> SVG",
            "<?xml version='1.0'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'> SVG",
            "DDS |\0\0\0 DDS",
            "8BPS PHOTOSHOP",
            "qoif QOI",
            "#?RADIANCE\nFORMAT= RADIANCE",
            "PF\n12 10\n-1.0\n NETPBM",
            "P5\n12 10\n255\n NETPBM",
            "%PDF-1.4 PDF"
        };
        for (String head : heads) {
            int at = head.lastIndexOf(' ');
            byte[] bytes = head.substring(0, at).getBytes(StandardCharsets.ISO_8859_1);
            assertThat(ImageFormat.of(bytes)).hasToString(head.substring(at + 1));
        }
        for (String text : List.of(
                "",
                "BM",
                "BMW is a maker of cars",
                "RIFF1234WAVE",
                "P5: see there",
                "P1 4 apples",
                "P4 3 of 4",
                "P6 12 10 in all",
                "<?xml version='1.0'?><annotation>",
                "<!-- svg --><html><svg></svg></html>",
                "\0\0\1\0",
                "\0\0\b\3\0\0\47\20\0\0\0\34\0\0\0\34",
                "\0\0\2\0\0\0\0\0\0\0\0\0\1\0\1\0\30\0\0\0\0\0",
                "\0\0\0\u0018ftypisom\0\0\2\0isommp42",
                "II. Chapter")) {
            assertThat(ImageFormat.of(text.getBytes(StandardCharsets.ISO_8859_1)))
                    .isNull();
        }
    }

    @Test
    void countsWhatIsNotAnImageAndGoesOn() throws IOException {
        write("labels.csv", (byte) 'a');
        write("cat/1.txt", (byte) 'a');
        write("cat/2.txt", (byte) 'a');
        write("_SUCCESS");
        write("cat/.hidden.png", png);
        write(".old/cat/9.png", png);
        assertThat(leftOut())
                .isEqualTo(new TreeMap<>(Map.of(
                        "labels.csv", Reason.NOT_AN_IMAGE,
                        "cat/1.txt", Reason.NOT_AN_IMAGE,
                        "cat/2.txt", Reason.NOT_AN_IMAGE,
                        "_SUCCESS", Reason.NOT_AN_IMAGE,
                        "cat/.hidden.png", Reason.HIDDEN,
                        ".old/cat/9.png", Reason.HIDDEN)));
        try (ImageData data =
                ImageData.builder(folder).imageSize(8).validFraction(0).build()) {
            assertThat(data.warnings())
                    .containsExactly(
                            "files left out that are not images: 2 .txt, 1 without suffix, 1 .csv",
                            "hidden files left out: 2 .png");
            assertThat(data.describe().get("left_out")).isEqualTo(Map.of("not_an_image", 4, "hidden", 2));
        }
    }

    @Test
    void takesNoFilesOfOtherProgramsForData() throws IOException {
        for (String name : List.of(
                "@eaDir/1.jpg/SYNOPHOTO_THUMB_S.jpg",
                "__MACOSX/cat/._1.png",
                "cat/.thumbnails/1.png",
                ".git/x.png",
                "cat/.ipynb_checkpoints/1.png",
                "cat/Thumbs.db",
                "cat/desktop.ini",
                "cat/.DS_Store",
                "cat/._1.png",
                "#recycle/1.png")) {
            write(name, png);
        }
        ImageFolder source = ImageFolder.of(folder);
        assertThat(source.size()).isEqualTo(4);
        assertThat(source.classNames()).containsExactly("cat", "dog");
        assertThat(source.warnings()).isEmpty();
        assertThat(source.leftOut()).allMatch(file -> file.reason() == Reason.SYSTEM);
    }

    @Test
    void stopsAtLostImagesUnlessTheyAreToBeSkipped() throws IOException {
        link("dog/3.jpg", "/nowhere/3.jpg");
        link("dog/4.jpg", "/nowhere/4.jpg");
        write("cat/empty.jpg");
        write("fox/1.heic", HEIC);
        write("fox/2", HEIC);
        ImageDataBuilder builder = ImageData.builder(folder).imageSize(8).validFraction(0);
        assertThatThrownBy(builder::build)
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "5 files of folder " + folder + " cannot be used: 2 .jpg (a link that leads nowhere, such as "
                                + "dog/3.jpg), 1 .jpg (an empty file, such as cat/empty.jpg), 1 without suffix, 1 .heic (a format "
                                + "that is not read, convert it to JPEG or PNG, such as fox/1.heic); repair or remove them, or "
                                + "leave bad images out (skipBadImages, --skip-bad-images)");
        try (ImageData data = builder.skipBadImages(true).build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(4);
            assertThat(data.skipped()).hasSize(5).contains("cannot read image dog/3.jpg: a link that leads nowhere");
            assertThat(data.describe()).containsEntry("skipped_images", 5);
            assertThat(data.summary()).endsWith(", 5 left out that cannot be read");
            assertThat(data.warnings())
                    .containsExactly(
                            "no class, since there is no image in it: 'fox'",
                            "files skipped: 2 .jpg (a link that leads nowhere, such as dog/3.jpg), 1 .jpg (an empty file, "
                                    + "such as cat/empty.jpg), 1 without suffix, 1 .heic (a format that is not read, convert "
                                    + "it to JPEG or PNG, such as fox/1.heic)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fox/1", "fox/1.bin", "fox/1.img", "fox/1.heic", "fox/1.bak"})
    void imagesOfOtherFormatsAreCountedWhateverTheirSuffix(String name) throws IOException {
        write(name, (byte) 0xff, (byte) 0x0a, (byte) 0x7f, (byte) 1, (byte) 2);
        assertThat(leftOut()).containsExactly(Map.entry(name, Reason.UNREAD_FORMAT));
        assertThatThrownBy(() -> ImageData.builder(folder).imageSize(8).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("1 file of folder " + folder + " cannot be used: ")
                .hasMessageContaining("a format that is not read");
    }

    @Test
    void saysTheFormatWhereTheSuffixIsThatOfAnother() throws IOException {
        write("dog/3.jpg", (byte) 0xff, (byte) 0x0a, (byte) 0x7f, (byte) 1, (byte) 2);
        assertThatThrownBy(() -> ImageData.builder(folder).imageSize(8).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("dog/3.jpg: an image of a format that is not read, JPEG XL");
    }

    @Test
    void whatAPhoneCallsHeicMayBeAJpeg() throws IOException {
        write("fox/1.HEIC", TestImages.encode(TestImages.plain(8, 8, 0x445566), "jpg"));
        write("fox/2.nef", "II*\0\b\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1));
        ImageFolder source = ImageFolder.of(folder);
        assertThat(source.classNames()).contains("fox");
        assertThat(source.warnings()).containsExactly("images by their content: 1 .heic");
        assertThat(leftOut()).containsExactly(Map.entry("fox/2.nef", Reason.UNREAD_FORMAT));
    }

    @Test
    void anEmptyFileIsAnImageWhereOthersOfItsSuffixAre() throws IOException {
        write("cat/a", png);
        write("cat/b");
        write("cat/c.note");
        assertThat(leftOut()).containsEntry("cat/b", Reason.EMPTY).containsEntry("cat/c.note", Reason.NOT_AN_IMAGE);
    }

    @Test
    void linksAreFollowedOnce(@TempDir Path elsewhere) throws IOException {
        for (int i = 0; i < 3; i++) Files.write(elsewhere.resolve(i + ".png"), png);
        link("fox", elsewhere.toString());
        link("cat/3.png", elsewhere.resolve("1.png").toString());
        link("cat/again.png", "2.png");
        link("cat/up", "..");
        link("latest", "dog");
        Map<String, Reason> found = leftOut();
        assertThat(found)
                .containsEntry("cat/again.png", Reason.REPEATED)
                .containsEntry("cat/up", Reason.LINK_LOOP)
                .containsEntry("latest/1.png", Reason.CONFLICTING)
                .containsEntry("latest/2.png", Reason.CONFLICTING)
                // Of two links to one image in two classes, the first by name is used.
                .containsEntry("fox/1.png", Reason.CONFLICTING)
                .hasSize(5);
        assertThat(ImageFolder.of(folder).classNames()).containsExactly("cat", "dog", "fox");
    }

    @Test
    void foldersThatLinkToEachOtherEnd() throws IOException {
        for (String a : List.of("cat", "dog", "fox", "owl", "bee", "ant")) {
            write(a + "/0.png", png);
            for (String b : List.of("cat", "dog", "fox", "owl", "bee", "ant"))
                if (!a.equals(b)) link(a + "/" + b, "../" + b);
        }
        ImageFolder source = ImageFolder.of(folder);
        assertThat(source.size()).isEqualTo(4 + 6);
        assertThat(source.leftOut().stream().filter(file -> file.reason().stops()))
                .isNotEmpty();
    }

    @Test
    void saysWhatIsThereWhereNoImageIs(@TempDir Path other) throws IOException {
        Files.write(other.resolve("a.npy"), png);
        Files.write(other.resolve("b.npy"), png);
        assertThatThrownBy(() -> ImageFolder.of(other))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "no images in " + other + "; expected PNG, JPEG, BMP, GIF, WebP or TIFF files, found 2 .npy");
    }

    /**
     * Generate random trees: each file found by an independent walk is either an image of a split or skipped for a
     * reason, exactly once.
     */
    @Test
    void everyFileIsAccountedFor(@TempDir Path trees) throws IOException {
        int refused = 0;
        for (int seed = 0; seed < 60; seed++) {
            Path top = Files.createDirectories(trees.resolve("t" + seed));
            grow(top, top, Draws.of(seed), 0);
            List<String> counted = new ArrayList<>();
            try {
                FolderLayout layout = new FolderLayout(new FolderTree(top));
                layout.entries().forEach(entry -> counted.add(FolderTree.name(top, entry.file())));
                layout.leftOut().forEach(file -> counted.add(file.file()));
            } catch (LimbeckException e) {
                refused++;
                continue;
            }
            assertThat(counted).as("seed %d", seed).doesNotHaveDuplicates();
            TreeSet<String> names = new TreeSet<>(counted);
            List<String> missing = files(top).stream()
                    .filter(file -> !names.contains(file)
                            && !String.valueOf(names.ceiling(file + "/")).startsWith(file + "/"))
                    .toList();
            assertThat(missing).as("seed %d", seed).isEmpty();
        }
        assertThat(refused).isBetween(1, 40);
    }

    private void grow(Path top, Path at, Draws draws, int depth) throws IOException {
        String[] names = {
            "cat", "dog", "train", "valid", "test", "extra", "images", ".dot", "@eaDir", "Cat", "data", "eval"
        };
        String[] files = {
            "1.png",
            "2.JPG",
            "plain",
            "a.txt",
            "b.heic",
            "c.dat",
            ".h.png",
            "Thumbs.db",
            "e.png",
            "f",
            "g.svg",
            "._x.png"
        };
        for (int i = draws.nextInt(6); i > 0; i--) {
            String name = files[draws.nextInt(files.length)];
            byte[] content = draws.nextInt(4) == 0 ? new byte[0] : draws.nextInt(3) == 0 ? new byte[] {1, 2, 3} : png;
            if (Files.notExists(at.resolve(name))) Files.write(at.resolve(name), content);
        }
        for (int i = draws.nextInt(3); i > 0; i--) {
            String[] targets = {"nowhere", "..", ".", "1.png", "../cat", "../dog/1.png", top.toString(), "loop" + i};
            Path name = at.resolve((draws.nextInt(2) == 0 ? "loop" : "z.png") + i);
            if (Files.notExists(name, LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(name, Path.of(targets[draws.nextInt(targets.length)]));
            }
        }
        for (int i = depth > 2 ? 0 : draws.nextInt(4); i > 0; i--) {
            Path child = at.resolve(names[draws.nextInt(names.length)]);
            if (Files.notExists(child)) grow(top, Files.createDirectory(child), draws, depth + 1);
        }
    }

    /** List files, links to files, and broken links, without folders of other programs. */
    private static List<String> files(Path top) throws IOException {
        List<String> found = new ArrayList<>();
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
                return path.endsWith("@eaDir") ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                boolean emptyFolder = Files.isDirectory(path) && isBare(path);
                if (!emptyFolder) found.add(FolderTree.name(top, path));
                return FileVisitResult.CONTINUE;
            }
        });
        return found;
    }

    private static boolean isBare(Path folder) throws IOException {
        try (var files = Files.list(folder.toRealPath())) {
            return files.allMatch(file -> file.endsWith("@eaDir") || Files.isDirectory(file));
        }
    }
}
