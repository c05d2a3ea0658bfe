package dev.limbeck.distill.served;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.distill.teacher.TorchScriptRuntime;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/** Serve a TorchScript file by the Open Inference Protocol, well or with a fault. */
final class InferenceServer implements AutoCloseable {
    /** What the server does wrong. */
    enum Fault {
        NONE,
        SLOW,
        BUSY_TWICE,
        DROPS_ONCE,
        REFUSES,
        FAILS,
        FORBIDS,
        REDIRECTS,
        NO_BINARY,
        HTML,
        GARBAGE,
        TRUNCATED,
        HUGE,
        ENDLESS,
        SHORT_TENSOR,
        TOO_FEW_ROWS,
        OTHER_VERSION,
        INTEGERS,
        NAN
    }

    static {
        // Otherwise each answer waits for the other side's acknowledgement, 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String HEADER_LENGTH = "Inference-Header-Content-Length";

    final List<String> authorizations = new CopyOnWriteArrayList<>();
    /** Shapes of the inputs of all requests for outputs. */
    final List<String> shapes = new CopyOnWriteArrayList<>();
    /** Addresses asked. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    final AtomicInteger mostAtOnce = new AtomicInteger();

    volatile String version = "1";
    volatile Fault fault = Fault.NONE;
    volatile String metadata = """
            {"name": "toy", "versions": ["1"], "platform": "pytorch_libtorch",
             "inputs": [{"name": "image", "datatype": "FP32", "shape": [-1, 3, 8, 8]}],
             "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 3]}]}""";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ModelRuntime.Running model;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger inside = new AtomicInteger();

    InferenceServer(Path torchScript, int port) throws IOException {
        model = new TorchScriptRuntime().open(torchScript);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    String address(String model) {
        return "http://127.0.0.1:" + port() + "/v2/models/" + model;
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        asked.add(path);
        authorizations.addAll(exchange.getRequestHeaders().getOrDefault("Authorization", List.of()));
        try (exchange) {
            if (path.endsWith("/infer")) {
                mostAtOnce.accumulateAndGet(inside.incrementAndGet(), Math::max);
                try {
                    infer(exchange);
                } finally {
                    inside.decrementAndGet();
                }
            } else if (path.endsWith("/ready")) {
                boolean slow = fault == Fault.BUSY_TWICE && requests.incrementAndGet() <= 2;
                answer(exchange, slow ? 503 : 200, "application/json", bytes(slow ? "{\"error\": \"loading\"}" : ""));
            } else if (path.matches("/v2/models/toy(/versions/[13])?")) {
                answer(exchange, 200, "application/json", bytes(metadata));
            } else {
                answer(exchange, 400, "application/json", bytes("{\"error\": \"unknown\\u001b[31m model\"}"));
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private void infer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String length = exchange.getRequestHeaders().getFirst(HEADER_LENGTH);
        boolean binary = length != null;
        int number = requests.incrementAndGet();
        switch (fault) {
            case SLOW -> LockSupport.parkNanos(20_000_000_000L);
            case BUSY_TWICE -> {
                if (number % 3 != 0) {
                    answer(exchange, 503, "text/plain", bytes("overloaded"));
                    return;
                }
            }
            case DROPS_ONCE -> {
                if (number == 2) return; // closes the connection without an answer
            }
            case REFUSES -> {
                answer(
                        exchange,
                        400,
                        "application/json",
                        bytes("{\"error\": \"unexpected\\nshape " + "x".repeat(9_000) + "\"}"));
                return;
            }
            case FAILS -> {
                answer(exchange, 500, "text/html", bytes("<h1>out of memory</h1>"));
                return;
            }
            case FORBIDS -> {
                answer(exchange, 401, "text/plain", bytes("who are you"));
                return;
            }
            case REDIRECTS -> {
                exchange.getResponseHeaders().set("Location", "http://127.0.0.1:1/elsewhere");
                answer(exchange, 307, "text/plain", bytes("moved"));
                return;
            }
            case NO_BINARY -> {
                if (binary) {
                    answer(exchange, 400, "application/json", bytes("{\"error\": \"not JSON\"}"));
                    return;
                }
            }
            case HTML -> {
                answer(exchange, 200, "text/html", bytes("<html>hello</html>"));
                return;
            }
            case GARBAGE -> {
                answer(exchange, 200, "application/json", bytes("{\"outputs\": [{\"name\": \u0007}]}"));
                return;
            }
            case HUGE -> {
                exchange.sendResponseHeaders(200, 1L << 40);
                exchange.getResponseBody().write(1);
                return;
            }
            case ENDLESS -> {
                exchange.sendResponseHeaders(200, 0);
                byte[] part = new byte[1 << 20];
                for (int i = 0; i < 1 << 10; i++) exchange.getResponseBody().write(part);
                return;
            }
            default -> {
                // The answer itself is wrong.
            }
        }
        int jsonLength = binary ? Integer.parseInt(length) : body.length;
        JsonNode asked = JSON.readTree(new String(body, 0, jsonLength, StandardCharsets.UTF_8));
        JsonNode input = asked.at("/inputs/0");
        long[] shape = LongStream.range(0, input.get("shape").size())
                .map(i -> input.at("/shape/" + i).asLong())
                .toArray();
        shapes.add(Arrays.toString(shape));
        if (!input.get("name").asText().equals("image")
                || !input.get("datatype").asText().matches("FP32|FP16|BF16")) {
            answer(exchange, 400, "application/json", bytes("{\"error\": \"unexpected input\"}"));
            return;
        }
        float[] values = binary
                ? floats(
                        body,
                        jsonLength,
                        input.at("/parameters/binary_data_size").asInt(),
                        input.get("datatype").asText())
                : floats(input.get("data"));
        float[] outputs;
        long classes;
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Tensor computed = model.forward(Inputs.of(Tensors.of(values, shape)));
            outputs = Tensors.toFloats(computed);
            classes = computed.size(1);
        }
        if (fault == Fault.NAN) outputs[outputs.length - 1] = Float.NaN;
        long rows = fault == Fault.TOO_FEW_ROWS ? shape[0] - 1 : shape[0];
        answer(exchange, binary, Arrays.copyOf(outputs, (int) (rows * classes)), rows, classes);
    }

    private static float[] floats(byte[] body, int from, int length, String type) {
        if (type.equals("FP32")) {
            float[] values = new float[length / Float.BYTES];
            ByteBuffer.wrap(body, from, length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
            return values;
        }
        DType half = type.equals("FP16") ? DType.FLOAT16 : DType.BFLOAT16;
        ByteBuffer direct =
                ByteBuffer.allocateDirect(length).put(body, from, length).flip();
        try (Scope scope = Scope.open()) {
            return Tensors.toFloats(Tensors.copyOf(direct, half, length / 2));
        }
    }

    private static float[] floats(JsonNode data) {
        float[] values = new float[data.size()];
        for (int i = 0; i < values.length; i++) values[i] = data.get(i).floatValue();
        return values;
    }

    private void answer(HttpExchange exchange, boolean binary, float[] outputs, long rows, long classes)
            throws IOException {
        ObjectNode document = JSON.createObjectNode();
        document.put("model_name", "toy").put("model_version", fault == Fault.OTHER_VERSION ? "2" : version);
        ObjectNode output = document.putArray("outputs").addObject();
        output.put("name", "scores").put("datatype", fault == Fault.INTEGERS ? "INT32" : "FP32");
        output.putArray("shape").add(rows).add(classes);
        ByteBuffer numbers = ByteBuffer.allocate(outputs.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        numbers.asFloatBuffer().put(outputs);
        int length = fault == Fault.SHORT_TENSOR ? numbers.capacity() - 4 : numbers.capacity();
        if (binary) {
            output.putObject("parameters").put("binary_data_size", length);
        } else {
            ArrayNode data = output.putArray("data");
            // Nested, as some servers do.
            for (int row = 0; row < rows; row++) {
                ArrayNode one = data.addArray();
                for (int c = 0; c < classes; c++) one.add(outputs[(int) (row * classes + c)]);
            }
        }
        byte[] json = JSON.writeValueAsBytes(document);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(json);
        if (binary) all.write(numbers.array(), 0, length);
        if (binary) exchange.getResponseHeaders().set(HEADER_LENGTH, String.valueOf(json.length));
        exchange.getResponseHeaders().set("Content-Type", binary ? "application/octet-stream" : "application/json");
        exchange.sendResponseHeaders(200, all.size());
        OutputStream body = exchange.getResponseBody();
        body.write(all.toByteArray(), 0, fault == Fault.TRUNCATED ? all.size() - 5 : all.size());
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        model.close();
    }
}
