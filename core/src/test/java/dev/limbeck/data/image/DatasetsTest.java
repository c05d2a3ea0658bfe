package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetsTest {
    @TempDir
    Path folder;

    private final Map<String, byte[]> served = new HashMap<>();
    private final Map<String, String> md5s = new HashMap<>();
    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            byte[] body = served.get(exchange.getRequestURI().getPath());
            try (exchange) {
                exchange.sendResponseHeaders(body == null ? 404 : 200, body == null ? -1 : body.length);
                if (body != null) exchange.getResponseBody().write(body);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    /** Serve a file at an address; its MD5 replaces the published one. */
    private void put(String path, String published, byte[] body) throws NoSuchAlgorithmException {
        served.put(path, body);
        md5s.put(
                published,
                HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(body)));
    }

    private DatasetStore store() {
        String base = "http://localhost:" + server.getAddress().getPort();
        return new DatasetStore(folder.resolve("cache"))
                .redirected(address -> URI.create(base + address.getPath()))
                .expecting(md5 -> md5s.getOrDefault(md5, md5));
    }

    static byte[] tarGz(Path root) throws IOException {
        Path file = Files.createTempFile("limbeck", ".tgz");
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
                TarArchiveOutputStream tar = new TarArchiveOutputStream(new GzipCompressorOutputStream(out));
                var files = Files.walk(root)) {
            for (Path path : files.filter(Files::isRegularFile).sorted().toList()) {
                byte[] content = Files.readAllBytes(path);
                TarArchiveEntry entry =
                        new TarArchiveEntry(root.relativize(path).toString());
                entry.setSize(content.length);
                tar.putArchiveEntry(entry);
                tar.write(content);
                tar.closeArchiveEntry();
            }
        }
        byte[] bytes = Files.readAllBytes(file);
        Files.delete(file);
        return bytes;
    }

    @Test
    void fetchesPetsOnceAndLabelsByTheFirstLetter() throws Exception {
        Path images = folder.resolve("made/images");
        for (String name : List.of("Maine_Coon_1", "Maine_Coon_2", "Bengal_7", "beagle_10", "great_pyrenees_3")) {
            TestImages.write(images.resolve(name + ".jpg"), 0x777777);
        }
        Files.writeString(images.resolve("Abyssinian_100.mat"), "as in the real archive");
        put("/~vgg/data/pets/data/images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c", tarGz(images.getParent()));
        ImageSource pets = store().named("pets");
        assertThat(pets.classNames()).containsExactly("cat", "dog");
        assertThat(IntStream.range(0, 5).mapToObj(pets::name)).first().isEqualTo("Bengal_7.jpg");
        assertThat(IntStream.range(0, 5).map(pets::label)).containsExactly(0, 0, 0, 1, 1);
        assertThat(store().named("pets-breeds").classNames())
                .containsExactly("Bengal", "Maine_Coon", "beagle", "great_pyrenees");
        assertThat(requests).hasValue(1);
        try (ImageData data = ImageData.builder(pets)
                .labelByName(name -> name.startsWith("M") ? "coon" : "else")
                .validFraction(0)
                .build()) {
            assertThat(data.classNames()).containsExactly("coon", "else");
            assertThat(data.settings().augmentation().hflip()).isTrue();
        }
    }

    @Test
    void fetchesCifar() throws Exception {
        CifarBatchesTest.writeTen(folder.resolve("made/cifar-10-batches-py"));
        put("/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", tarGz(folder.resolve("made")));
        ImageSource source = store().named("cifar10");
        assertThat(source.size()).isEqualTo(60);
        assertThat(source.defaults()).isEqualTo(new ImageDefaults(32, 32, true, 4));
    }

    @Test
    void fetchesFashionMnist() throws Exception {
        Map<String, String> files = Map.of(
                "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe",
                "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79",
                "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310");
        for (Map.Entry<String, String> file : files.entrySet()) {
            boolean images = file.getKey().contains("images");
            Path made = folder.resolve(file.getKey());
            IdxTest.write(
                    made, images ? 0x803 : 0x801, images ? 40 : 10, images ? new int[] {10, 2, 2} : new int[] {10});
            put("/" + file.getKey(), file.getValue(), Files.readAllBytes(made));
        }
        ImageSource source = store().named("fashion-mnist");
        assertThat(source.size()).isEqualTo(20);
        assertThat(source.classNames()).contains("Sneaker");
        assertThat(source.split(19)).isEqualTo(Split.TEST);
    }

    @Test
    void aWrongChecksumIsRefused() {
        served.put("/~kriz/cifar-10-python.tar.gz", new byte[] {1, 2, 3});
        assertThatThrownBy(() -> store().named("cifar10"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce");
        assertThatThrownBy(() -> store().named("cifar100")).isInstanceOf(LimbeckException.class);
    }

    @Test
    void drawsShapesWithoutFetching() {
        try (ImageData data = ImageData.builder(store().source("shapes")).build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(6000);
            assertThat(data.size(Split.VALID)).isEqualTo(1000);
            assertThat(data.size(Split.TEST)).isEqualTo(2000);
            assertThat(data.inputs().get(0).shape()).containsExactly(3, 32, 32);
        }
        assertThat(requests).hasValue(0);
    }

    private Path linkedTar(String name, String target) throws IOException {
        Path tar = folder.resolve(name + ".tar");
        Path image = folder.resolve("made/1.png");
        TestImages.write(image, 0x777777);
        byte[] content = Files.readAllBytes(image);
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(Files.newOutputStream(tar))) {
            for (String path : List.of("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dog/1.png")) {
                TarArchiveEntry entry = new TarArchiveEntry(path);
                entry.setSize(content.length);
                out.putArchiveEntry(entry);
                out.write(content);
                out.closeArchiveEntry();
            }
            TarArchiveEntry link = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
            link.setLinkName(target);
            out.putArchiveEntry(link);
            out.closeArchiveEntry();
        }
        return tar;
    }

    @Test
    void whatIsLeftOutOfAnArchiveIsAmongTheWarningsAtEveryUse() throws Exception {
        Path tar = linkedTar("notes", "/home/me/notes");
        String line = tar + ": links that lead out of the archive are left out: 1, such as 'notes -> /home/me/notes'";
        assertThat(store().source(tar.toString()).warnings()).containsExactly(line);
        assertThat(store().source(tar.toString()).warnings()).containsExactly(line);
    }

    @Test
    void anArchiveIsNotUnpackedWithoutWhatIsToBeSaidOfIt() throws Exception {
        Path tar = linkedTar("notes", "/home/me/notes");
        Path unpacked = Path.of(store().source(tar.toString()).origin().replaceFirst("^folder ", ""));
        FileUtils.deleteDirectory(unpacked.toFile());
        Path notes = unpacked.resolveSibling(unpacked.getFileName() + ".notes");
        assertThat(notes).isRegularFile();
        Files.delete(notes);
        Files.createDirectories(notes.resolve("in the way"));
        assertThatThrownBy(() -> store().source(tar.toString()))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(".notes");
        assertThat(unpacked).doesNotExist();
        FileUtils.deleteDirectory(notes.toFile());
        assertThat(store().source(tar.toString()).warnings()).hasSize(1);
        try (var files = Files.list(notes.getParent())) {
            assertThat(files).containsExactlyInAnyOrder(unpacked, notes);
        }
    }

    @Test
    void aLinkCalledLikeASplitIsFollowedOrRefused() throws Exception {
        Path inside = linkedTar("valid", "test");
        ImageSource images = store().source(inside.toString());
        assertThat(IntStream.range(0, images.size()).filter(i -> images.split(i) == Split.VALID))
                .hasSize(2);
        assertThat(images.warnings()).singleElement().asString().contains("'valid -> test'");
        for (String name : List.of("val_images", "test2")) {
            Path outside = linkedTar(name, "/data/" + name);
            assertThatThrownBy(() -> store().source(outside.toString()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining(
                            outside + ": the link '" + name + " -> /data/" + name + "' may stand for a split");
        }
    }

    @Test
    void unpacksAnArchiveOnce() throws IOException {
        Path made = folder.resolve("made");
        TestImages.write(made.resolve("set/train/a/1.png"), 0);
        TestImages.write(made.resolve("set/train/b/2.png"), 0);
        TestImages.write(made.resolve("set/test/b/3.png"), 0);
        Path tgz = Files.write(folder.resolve("set.tgz"), tarGz(made));
        ImageSource first = store().source(tgz.toString());
        assertThat(first.size()).isEqualTo(3);
        assertThat(first.classNames()).containsExactly("a", "b");
        assertThat(store().source(tgz.toString()).origin()).isEqualTo(first.origin());
        Path zip = folder.resolve("set.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : List.of("a/1.png", "b/2.png")) {
                out.putNextEntry(new ZipEntry(name));
                out.write(TestImages.encode(TestImages.plain(4, 4, 1), "png"));
            }
        }
        assertThat(store().source(zip.toString()).size()).isEqualTo(2);
        Path text = Files.writeString(folder.resolve("notes.txt"), "no archive");
        assertThatThrownBy(() -> store().source(text.toString())).isInstanceOf(LimbeckException.class);
    }

    @Test
    void recognizesWhatAFolderHolds() throws IOException {
        CifarBatchesTest.writeTen(folder.resolve("c/cifar-10-batches-py"));
        assertThat(store().source(folder.resolve("c").toString()).size()).isEqualTo(60);
        Path idx = Files.createDirectories(folder.resolve("i"));
        IdxTest.write(idx.resolve("train-images-idx3-ubyte"), 0x803, 10, 10, 1, 1);
        IdxTest.write(idx.resolve("train-labels-idx1-ubyte"), 0x801, 10, 10);
        assertThat(store().source(idx.toString()).classNames()).containsExactlyElementsOf(IdxImages.digits());
    }

    @Test
    void namesTheNearestOfUnknownSets() {
        assertThatThrownBy(() -> Datasets.open("cifar-10"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("no data set, folder or archive 'cifar-10'; nearest: cifar10");
        assertThatThrownBy(() -> Datasets.open("some/folder"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("no folder or archive some/folder; known data sets are cifar10");
        assertThat(Datasets.names())
                .containsExactly("cifar10", "cifar100", "fashion-mnist", "mnist", "pets", "pets-breeds", "shapes");
    }
}
