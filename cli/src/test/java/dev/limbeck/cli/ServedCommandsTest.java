package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.limbeck.export.OnnxModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test an ONNX file behind a server that knows JSON only, with the commands that take a foreign model. */
class ServedCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path home;

    private static Path data;
    private static Path onnx;
    private static OnnxModel model;
    private static HttpServer server;
    private static String address;
    private static volatile boolean broken;

    @BeforeAll
    static void serve() throws IOException {
        data = Cli.pictures(home.resolve("pictures"), "red", "green", "blue");
        Cli.run("train", Cli.TINY, "--data", data, "--out", home.resolve("run")).done();
        Cli.run("export", "--model", home.resolve("run"), "--out", home.resolve("files"), "--format", "onnx")
                .done();
        onnx = home.resolve("files/model.onnx");
        model = OnnxModel.open(onnx, 1);
        System.setProperty("sun.net.httpserver.nodelay", "true");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", ServedCommandsTest::handle);
        server.start();
        address = "http://127.0.0.1:" + server.getAddress().getPort() + "/v2/models/rgb/versions/7";
    }

    @AfterAll
    static void stop() {
        server.stop(0);
        model.close();
    }

    private static void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getPath();
            if (!path.endsWith("/infer")) {
                long[] shape = model.inputs().get(0).shape();
                answer(
                        exchange,
                        200,
                        "{\"name\": \"rgb\", \"versions\": [\"7\"], \"platform\": \"onnx\", \"inputs\": [{\"name\": \"x\","
                                + "\"datatype\": \"FP32\", \"shape\": [-1, 3, " + shape[1] + ", " + shape[2] + "]}],"
                                + " \"outputs\": [{\"name\": \"y\", \"datatype\": \"FP32\", \"shape\": [-1, 3]}]}");
            } else if (broken || exchange.getRequestHeaders().containsKey("Inference-Header-Content-Length")) {
                answer(exchange, 400, "{\"error\": \"cannot read this\"}");
            } else {
                JsonNode input = JSON.readTree(body).at("/inputs/0");
                long[] shape = JSON.convertValue(input.get("shape"), long[].class);
                float[] outputs = model.run(JSON.convertValue(input.get("data"), float[].class), shape);
                ObjectNode document = JSON.createObjectNode();
                ObjectNode output = document.putArray("outputs")
                        .addObject()
                        .put("name", "y")
                        .put("datatype", "FP32");
                output.putArray("shape").add(shape[0]).add(3);
                output.set("data", JSON.valueToTree(outputs));
                answer(exchange, 200, document.toString());
            }
        }
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static JsonNode json(Object... args) {
        return Cli.run(args, "--json").done().json();
    }

    @Test
    void everyCommandTakesTheAddress() throws IOException {
        JsonNode described = json("inspect", address);
        assertThat(described.get("kind").asText()).isEqualTo("Open Inference Protocol");
        assertThat(described.get("metadata.model_version").asText()).isEqualTo("7");
        assertThat(described.get("outputs")).hasToString("[\"y FP32 ?×3\"]");
        // What the file says of itself, and a server does not.
        Object[] says = {
            "--classes",
            "blue,green,red",
            "--model-output",
            json("inspect", onnx).get("metadata.output").asText()
        };
        Object[] evaluate = {
            "evaluate",
            "--data",
            data,
            "--split",
            "train",
            "--mean",
            "0.485,0.456,0.406",
            "--std",
            "0.229,0.224,0.225",
            "--resize",
            "crop"
        };
        JsonNode own = json(evaluate, says, "--model", onnx);
        JsonNode served = json(evaluate, says, "--model", address);
        assertThat(served.get("accuracy")).isEqualTo(own.get("accuracy"));
        assertThat(served.get("loss").asDouble()).isCloseTo(own.get("loss").asDouble(), within(1e-9));
        assertThat(served.get("model").asText()).isEqualTo(address);
        Path out = home.resolve("student");
        Cli.Answer done = Cli.run(
                        "distill",
                        Cli.TINY,
                        "--data",
                        data,
                        "--teacher",
                        address,
                        "--teacher-classes",
                        "blue,green,red",
                        "--teacher-output",
                        json("inspect", onnx).get("metadata.output").asText(),
                        "--out",
                        out)
                .done();
        assertThat(done.err()).contains(address + " does not take tensors in binary; they are sent as JSON");
        assertThat(Files.readString(out.resolve("run.json"))).contains(address);
    }

    @Test
    void aFaultIsOneLineAndLeavesNothing() {
        broken = true;
        Path out = home.resolve("none");
        Cli.Answer failed = Cli.run("distill", Cli.TINY, "--data", data, "--teacher", address, "--out", out);
        broken = false;
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err()).contains(address + " answered 400: cannot read this; check the server");
        assertThat(out).doesNotExist();
        String secret = address.replace("127.0.0.1", "me:s3cret@127.0.0.1");
        for (Object[] command : new Object[][] {
            {"distill", Cli.TINY, "--data", data, "--teacher", secret, "--out", out},
            {"evaluate", "--data", data, "--model", secret},
            {"inspect", secret}
        }) {
            Cli.Answer refused = Cli.run(command);
            // A setting of a recipe is a wrong option; elsewhere the address is a model that cannot be opened.
            assertThat(refused.code()).isEqualTo("distill".equals(command[0]) ? 2 : 1);
            assertThat(refused.err())
                    .contains("must not contain a user or a password")
                    .doesNotContain("s3cret")
                    .hasLineCount(1);
        }
        assertThat(out).doesNotExist();
    }
}
