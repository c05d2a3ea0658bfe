package dev.limbeck.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.limbeck.Preprocessing;
import dev.limbeck.distill.served.ModelAddress;
import dev.limbeck.distill.served.ServedModel;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.TeacherOutput;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare a teacher's outputs for batches from a file with those from a server on this machine that runs the same file, in
 * turn. Prints a JSON line with medians: milliseconds of the file, of the server with tensors in binary, with several
 * requests at once, and with JSON; and the largest difference of outputs.
 */
public final class ServedTeacher {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String HEADER_LENGTH = "Inference-Header-Content-Length";

    private ServedTeacher() {}

    /** Run the benchmark; options are {@code --file --size --batch --pairs --requests}. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(
                Map.of("file", "teacher.onnx", "size", "64", "batch", "64", "pairs", "15", "requests", "2"), arguments);
        int size = options.number("size");
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (FileTeacher file = FileTeacher.open(Path.of(options.text("file"))).withOutput(TeacherOutput.LOGITS)) {
            server.createContext("/binary/", exchange -> serve(exchange, file, size, true));
            server.createContext("/json/", exchange -> serve(exchange, file, size, false));
            server.setExecutor(Executors.newCachedThreadPool());
            server.start();
            try (FileTeacher binary = open(server, "binary", 1);
                    FileTeacher several = open(server, "binary", options.number("requests"));
                    FileTeacher json = open(server, "json", 1)) {
                measure(List.of(file, binary, several, json), options.number("batch"), size, options.number("pairs"));
            }
        } finally {
            server.stop(0);
        }
        System.exit(0);
    }

    private static FileTeacher open(HttpServer server, String way, int requests) {
        ModelAddress address =
                ModelAddress.of("http://127.0.0.1:" + server.getAddress().getPort() + "/" + way + "/v2/models/m");
        return ServedModel.open(address, requests, ModelRole.TEACHER, line -> {})
                .withOutput(TeacherOutput.LOGITS);
    }

    private static void measure(List<FileTeacher> teachers, int batch, int size, int pairs) {
        List<List<Double>> times = new ArrayList<>();
        teachers.forEach(teacher -> times.add(new ArrayList<>()));
        float largest = 0;
        Tensors.seed(1);
        for (int pair = -3; pair < pairs; pair++) {
            float[] expected = new float[0];
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                Tensor images = Tensors.randn(batch, 3, size, size);
                for (int i = 0; i < teachers.size(); i++) {
                    long begun = System.nanoTime();
                    float[] found = Tensors.toFloats(teachers.get(i).logits(Preprocessing.none(), Inputs.of(images)));
                    if (pair >= 0) times.get(i).add((System.nanoTime() - begun) / 1e6);
                    if (i == 0) expected = found;
                    for (int at = 0; at < found.length; at++) {
                        largest = Math.max(largest, Math.abs(found[at] - expected[at]));
                    }
                }
            }
        }
        System.out.printf(
                Locale.ROOT,
                "{\"batch_mb\": %.1f, \"file_ms\": %.1f, \"served_ms\": %.1f, \"served_at_once_ms\": %.1f, \"json_ms\": %.1f,"
                        + " \"largest_difference\": %.2g}%n",
                batch * 3.0 * size * size * Float.BYTES / 1e6,
                Medians.of(times.get(0)),
                Medians.of(times.get(1)),
                Medians.of(times.get(2)),
                Medians.of(times.get(3)),
                largest);
    }

    private static void serve(HttpExchange exchange, FileTeacher file, int size, boolean binary) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String length = exchange.getRequestHeaders().getFirst(HEADER_LENGTH);
            String path = exchange.getRequestURI().getPath();
            if (path.endsWith("/infer")) {
                if (length != null && !binary) send(exchange, 400, "{\"error\": \"not JSON\"}", null);
                else infer(exchange, body, length == null ? body.length : Integer.parseInt(length), file);
            } else {
                send(
                        exchange,
                        200,
                        "{\"versions\": [\"1\"], \"inputs\": [{\"name\": \"x\", \"datatype\": \"FP32\", \"shape\": [-1, 3, "
                                + size + ", " + size + "]}], \"outputs\": [{\"name\": \"y\", \"datatype\": \"FP32\","
                                + " \"shape\": [-1, -1]}]}",
                        null);
            }
        }
    }

    private static void infer(HttpExchange exchange, byte[] body, int jsonLength, FileTeacher file) throws IOException {
        JsonNode input = JSON.readTree(body, 0, jsonLength).at("/inputs/0");
        long[] shape = JSON.convertValue(input.get("shape"), long[].class);
        float[] values;
        boolean json = jsonLength == body.length;
        if (json) {
            values = JSON.convertValue(input.get("data"), float[].class);
        } else {
            values = new float[(body.length - jsonLength) / Float.BYTES];
            ByteBuffer.wrap(body, jsonLength, body.length - jsonLength)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
        }
        float[] outputs;
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            outputs = Tensors.toFloats(file.logits(Preprocessing.none(), Inputs.of(Tensors.of(values, shape))));
        }
        long classes = outputs.length / shape[0];
        String described =
                "{\"outputs\": [{\"name\": \"y\", \"datatype\": \"FP32\", \"shape\": [" + shape[0] + ", " + classes
                        + "], "
                        + (json
                                ? "\"data\": " + JSON.writeValueAsString(outputs)
                                : "\"parameters\": {\"binary_data_size\": " + outputs.length * Float.BYTES + "}")
                        + "}]}";
        ByteBuffer bytes = ByteBuffer.allocate(outputs.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(outputs);
        send(exchange, 200, described, json ? null : bytes.array());
    }

    private static void send(HttpExchange exchange, int status, String json, byte[] tensor) throws IOException {
        byte[] head = json.getBytes(StandardCharsets.UTF_8);
        if (tensor != null) exchange.getResponseHeaders().set(HEADER_LENGTH, String.valueOf(head.length));
        exchange.getResponseHeaders()
                .set("Content-Type", tensor == null ? "application/json" : "application/octet-stream");
        exchange.sendResponseHeaders(status, head.length + (tensor == null ? 0 : tensor.length));
        exchange.getResponseBody().write(head);
        if (tensor != null) exchange.getResponseBody().write(tensor);
    }
}
