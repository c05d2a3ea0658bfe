package dev.limbeck.distill.served;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.ScriptFiles;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.distill.served.InferenceServer.Fault;
import dev.limbeck.distill.served.Request.Part;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test a model behind a server against the same file, and every fault of the server as one line. */
class ServedModelTest {
    /** For answers that come, however busy the machine is. */
    private static final Connection.Timing PATIENT = timing(30, 20_000);

    /** For answers that do not come. */
    private static final Connection.Timing IMPATIENT = timing(3, 3_000);

    private static final int ROWS = 20;

    @TempDir
    Path home;

    private final GivenBatches data = Toy.data(2, ROWS).shaped(3, 8, 8).prepared(Map.of());
    private final List<String> log = new ArrayList<>();
    private Path file = Path.of("");
    private InferenceServer server;

    @BeforeEach
    void serve() throws IOException {
        file = home.resolve("teacher.pt");
        ScriptFiles.write(file, "return 3 * torch.mean(x, [2, 3]) + x[:, :, 0, 0]", Map.of());
        server = new InferenceServer(file, 0);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static Connection.Timing timing(long seconds, long firstMillis) {
        return new Connection.Timing(
                Duration.ofSeconds(seconds),
                Duration.ofMillis(firstMillis),
                Duration.ofMillis(10),
                Duration.ofMillis(100));
    }

    private FileTeacher open(String address, int requests, Connection.Timing timing) {
        return ServedModel.open(ModelAddress.of(address), requests, ModelRole.TEACHER, timing, null, log::add);
    }

    private FileTeacher open(String address, int requests) {
        return open(address, requests, PATIENT);
    }

    private FileTeacher open() {
        return open(server.address("toy"), 1);
    }

    private float[] answers(Teacher teacher) {
        try (TeacherSession session = teacher.open(data, Engine.device("cpu"));
                Scope scope = Scope.open()) {
            return Tensors.toFloats(session.logits(Batch.of(Toy.images(3, ROWS, 1))));
        }
    }

    private float[] expected() {
        try (FileTeacher teacher = FileTeacher.open(file)) {
            return answers(teacher);
        }
    }

    @Test
    void answersAreThoseOfTheFileToTheBit() {
        try (FileTeacher teacher = open()) {
            assertThat(answers(teacher)).containsExactly(expected());
            assertThat(teacher.facts().inputs()).hasToString("[image float32 N×3×8×8]");
            assertThat(teacher.facts().outputs()).containsExactly("scores FP32 ?×3");
        }
        assertThat(log).isEmpty();
        assertThat(server.asked.subList(0, 3))
                .containsExactly("/v2/health/ready", "/v2/models/toy", "/v2/models/toy/ready");
    }

    @Test
    void aServerWithoutBinaryTensorsGetsJson() {
        server.fault = Fault.NO_BINARY;
        try (FileTeacher teacher = open()) {
            assertThat(answers(teacher)).containsExactly(expected());
        }
        assertThat(log)
                .containsExactly(server.address("toy")
                        + " does not take tensors in binary; they are sent as JSON, which is slower");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 64})
    void partsOfABatchAreSentAtOnce(int requests) {
        try (FileTeacher teacher = open(server.address("toy"), requests)) {
            float[] found = answers(teacher);
            assertThat(found).as("this model computes each row alone").containsExactly(expected());
        }
        // No part is smaller than 8 rows, except for the last one.
        assertThat(server.shapes).contains(requests == 2 ? "[10, 3, 8, 8]" : "[8, 3, 8, 8]");
    }

    @Test
    void aFixedBatchIsFilledUp() {
        server.metadata = server.metadata.replace("[-1, 3, 8, 8]", "[7, 3, 8, 8]");
        try (FileTeacher teacher = open(server.address("toy"), 2)) {
            assertThat(answers(teacher)).containsExactly(expected());
        }
        assertThat(server.shapes).containsOnly("[7, 3, 8, 8]");
        assertThat(log)
                .containsExactly(server.address("toy")
                        + " takes batches of 7 only; batches are sent in parts of 7, the last one filled up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"FP16", "BF16"})
    void tensorsAreSentInTheTypeThatTheModelTakes(String type) {
        server.metadata = server.metadata.replace(
                "\"FP32\", \"shape\": [-1, 3, 8, 8]", "\"" + type + "\", \"shape\": [-1, 3, 8, 8]");
        try (FileTeacher teacher = open()) {
            float[] found = answers(teacher);
            float[] exact = expected();
            assertThat(found).isNotEqualTo(exact);
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i]).isCloseTo(exact[i], org.assertj.core.api.Assertions.within(0.05f));
            }
        }
    }

    @Test
    void aBusyServerIsAskedAgain() {
        server.fault = Fault.BUSY_TWICE;
        try (FileTeacher teacher = open()) {
            assertThat(answers(teacher)).containsExactly(expected());
        }
        assertThat(log)
                .contains(
                        server.address("toy")
                                + ": it answered 503: overloaded; trying again for 30 s (--model-timeout)",
                        server.address("toy") + " answers again");
    }

    @Test
    void aDroppedConnectionIsTriedAgainWithoutAWord() {
        server.fault = Fault.DROPS_ONCE;
        try (FileTeacher teacher = open()) {
            assertThat(answers(teacher)).containsExactly(expected());
        }
        assertThat(log).isEmpty();
    }

    @Test
    void aServerThatComesBackIsWaitedFor() {
        int port = server.port();
        try (FileTeacher teacher = open();
                TeacherSession session = teacher.open(data, Engine.device("cpu"))) {
            server.close();
            CompletableFuture<InferenceServer> again = CompletableFuture.supplyAsync(() -> {
                try {
                    Thread.sleep(300);
                    return new InferenceServer(file, port);
                } catch (InterruptedException | IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            try (Scope scope = Scope.open()) {
                assertThat(Tensors.toFloats(session.logits(Batch.of(Toy.images(3, ROWS, 1)))))
                        .containsExactly(expected());
            }
            server = again.join();
        }
        assertThat(log).hasSize(2).first().asString().contains("no connection to the server; trying again for 30 s");
    }

    /** Expected texts start after the address. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SLOW         | must answer within 3 s, found that there was no answer; check the address and the server, or increase --model-timeout",
                "REFUSES      | answered 400: unexpected shape xxx",
                "FAILS        | answered 500: <h1>out of memory</h1>; check the server and how",
                "FORBIDS      | answered 401: who are you; set the variable LIMBECK_TEACHER_TOKEN to a bearer token",
                "REDIRECTS    | must answer itself, found a redirect (307) to http://127.0.0.1:1/elsewhere; name the address of the server",
                "HTML         | must answer with JSON or tensors of the protocol, found text/html; check the address",
                "GARBAGE      | must answer with JSON of the protocol, found other text (Illegal",
                "TRUNCATED    | must answer completely, found one that broke off 3 times",
                "HUGE         | must answer with at most 100000000 bytes, found more; check the server, or raise the limit by",
                "SHORT_TENSOR | must send as many bytes as 20×3 FP32 has, found 236 bytes; check the server",
                "TOO_FEW_ROWS | must answer with 20 rows of scores, found 19×3; check the server",
                "OTHER_VERSION | must answer by version 1, found version 2; name the version in the address (…/versions/2)",
            })
    void everyFaultIsOneLine(Fault fault, String expected) {
        Connection.Timing timing = fault == Fault.SLOW ? IMPATIENT : PATIENT;
        try (FileTeacher teacher = open(server.address("toy"), 1, timing)) {
            server.fault = fault;
            assertThatThrownBy(() -> answers(teacher))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining(server.address("toy") + " " + expected)
                    .message()
                    .hasLineCount(1)
                    .hasSizeLessThan(600);
        }
    }

    @Test
    void anAnswerWithoutAnEndIsGivenUp() {
        Connection.Timing slow = new Connection.Timing(null, PATIENT.first(), PATIENT.pause(), PATIENT.longestPause());
        ModelAddress address = ModelAddress.of(server.address("toy"));
        try (FileTeacher teacher = ServedModel.open(address, 1, ModelRole.TEACHER, slow, null, log::add)) {
            server.fault = Fault.ENDLESS;
            assertThatThrownBy(() -> answers(teacher))
                    .hasMessageStartingWith(address + " must answer with at most 100000000 bytes, found more");
        }
    }

    @Test
    void numbersAreCheckedAsThoseOfAFile() {
        try (FileTeacher teacher = open()) {
            server.fault = Fault.NAN;
            assertThatThrownBy(() -> answers(teacher))
                    .hasMessageStartingWith("teacher toy must return finite numbers, found 1 of 60 NaN");
            server.fault = Fault.INTEGERS;
            assertThatThrownBy(() -> answers(teacher)).hasMessageStartingWith("teacher toy returns integers (int32)");
        }
    }

    @Test
    void whatTheModelDoesNotTakeIsSaidBeforeItIsSent() {
        server.metadata = server.metadata.replace("3, 8, 8", "3, 9, 8");
        try (FileTeacher teacher = open().withPreprocessing(Map.of("image_size", "8x8"))) {
            assertThatThrownBy(() -> answers(teacher))
                    .hasMessageStartingWith(server.address("toy") + " takes image FP32 ?×3×9×8, found 20×3×8×8; ");
            assertThat(server.shapes).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "[]                                        | must answer with the model's metadata as JSON, found other text",
                "null                                      | must answer with the model's metadata as JSON, found null",
                "{\"inputs\": [{\"name\": \"x\"}]}         | a tensor must have a name, a datatype and a shape",
                "{\"inputs\": [{\"name\": \"x\", \"datatype\": \"FP32\", \"shape\": [-1, 0]}]} | the shape of x must be 1 to 8 sizes",
                "{\"inputs\": [{\"name\": \"x\", \"datatype\": \"BOOL\", \"shape\": [-1, 4]}]} | must take numbers or texts, found the input x BOOL ?×4",
            })
    void metadataThatDoesNotFitIsOneLine(String metadata, String expected) {
        server.metadata = metadata;
        assertThatThrownBy(this::open)
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(server.address("toy"))
                .hasMessageContaining(expected)
                .message()
                .hasLineCount(1);
    }

    @Test
    void anUnknownModelAndNoServerAreOneLine() throws IOException {
        assertThatThrownBy(() -> open(server.address("other"), 1))
                .hasMessage(server.address("other")
                        + " answered 400: unknown?[31m model; check the model's name and version");
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        String nobody = "http://127.0.0.1:" + free + "/v2/models/toy";
        assertThatThrownBy(() -> open(nobody, 1, IMPATIENT))
                .hasMessage(
                        nobody
                                + " must answer within 3 s, found that no connection to the server; check the address and the server");
        assertThat(log).isEmpty();
    }

    @Test
    void otherShapesAreTriedWhereTheModelMayTakeThem() {
        server.metadata = server.metadata.replace("[-1, 3, 8, 8]", "[-1, -1, -1, -1]");
        server.fault = Fault.NO_BINARY;
        try (FileTeacher teacher = open().withPreprocessing(Map.of("layout", "nhwc"))) {
            // Its 8 channels are of the wrong dimension, which this model takes, but gives 8 outputs for.
            assertThat(teacher.facts().inputs()).hasToString("[image float32 N×?×?×?]");
            assertThat(answers(teacher)).hasSize(8 * ROWS);
        }
    }

    @Test
    void textsAndIntegersAreWrittenAsTheProtocolSays() {
        try (Scope scope = Scope.open()) {
            Part texts = new Part("t", ElementType.BYTES, Tensors.of(new long[] {104, 105, 0, 0xc3, 0xa9, 0}, 2, 1, 3));
            Part ids = new Part("i", ElementType.INT32, Tensors.of(new long[] {1, -2}, 2, 1));
            Request binary = Request.of(List.of(texts, ids), "y", false, true);
            assertThat(new String(binary.json(), StandardCharsets.UTF_8))
                    .isEqualTo("{\"inputs\":[{\"name\":\"t\",\"datatype\":\"BYTES\",\"shape\":[2],"
                            + "\"parameters\":{\"binary_data_size\":12}},{\"name\":\"i\",\"datatype\":\"INT32\","
                            + "\"shape\":[2,1],\"parameters\":{\"binary_data_size\":8}}],"
                            + "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":true}}]}");
            assertThat(binary.binary().get(0)).containsExactly(2, 0, 0, 0, 'h', 'i', 2, 0, 0, 0, 0xc3, 0xa9);
            assertThat(binary.binary().get(1)).containsExactly(1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff);
            Request json = Request.of(List.of(texts, ids), "", true, false);
            assertThat(json.binary()).isEmpty();
            assertThat(new String(json.json(), StandardCharsets.UTF_8))
                    .isEqualTo("{\"inputs\":[{\"name\":\"t\",\"datatype\":\"BYTES\",\"shape\":[2,1],"
                            + "\"data\":[\"hi\",\"é\"]},{\"name\":\"i\",\"datatype\":\"INT32\",\"shape\":[2,1],"
                            + "\"data\":[1,-2]}]}");
        }
    }

    @Test
    void theTokenIsSentAndNotSaid() {
        ModelAddress address = ModelAddress.of(server.address("toy"));
        try (FileTeacher teacher = ServedModel.open(address, 1, ModelRole.TEACHER, PATIENT, "s3cret", log::add)) {
            answers(teacher);
        }
        assertThat(server.authorizations).hasSizeGreaterThan(4).containsOnly("Bearer s3cret");
        assertThatThrownBy(() -> ServedModel.open(address, 1, ModelRole.TEACHER, PATIENT, "s3\ncret", log::add))
                .hasMessageContaining("LIMBECK_TEACHER_TOKEN must be one word of ASCII")
                .message()
                .doesNotContain("cret,");
        assertThat(log).isEmpty();
    }

    @Test
    void theVersionIdentifiesIt() {
        String one = identity(server.address("toy"));
        assertThat(one).isNotEmpty().isEqualTo(identity(server.address("toy/versions/1")));
        server.metadata = server.metadata.replace("[\"1\"]", "[\"1\", \"3\"]");
        assertThat(identity(server.address("toy/versions/1"))).isEqualTo(one);
        assertThat(log).isEmpty();
        assertThat(identity(server.address("toy"))).as("either could answer").isEmpty();
        assertThat(log)
                .containsExactly(server.address("toy")
                        + ": it is not known which version answers, so records identify it by its address only");
    }

    private String identity(String address) {
        try (FileTeacher teacher = open(address, 1);
                TeacherSession session = teacher.open(data, Engine.device("cpu"))) {
            return session.facts().identity();
        }
    }

    @Test
    void addressesHoldNoCredentials() {
        assertThat(ModelAddress.of("HTTP://Host:8000/a/v2/models/m%20x/versions/3/"))
                .hasToString("http://host:8000/a/v2/models/m%20x/versions/3");
        for (String wrong : List.of(
                "http://me:s3cret@host/v2/models/m",
                "http://s3cret@host/v2/models/m",
                "http://host/v2/models/m?token=s3cret",
                "http://host/v2/models/m#s3cret",
                "http://me:s3 cret@host/v2/models/m",
                "http://me:s3cret@/v2/models/m",
                "https://host/v2/models/",
                "http:///v2/models/m",
                "http://host/v2/models/m/infer")) {
            assertThatThrownBy(() -> ModelAddress.of(wrong))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("the address of a served model must ")
                    .message()
                    .doesNotContain("s3");
        }
    }
}
