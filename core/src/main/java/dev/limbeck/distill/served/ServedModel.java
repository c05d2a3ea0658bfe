package dev.limbeck.distill.served;

import dev.limbeck.LimbeckException;
import dev.limbeck.Patience;
import dev.limbeck.Printable;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.served.Connection.Reply;
import dev.limbeck.distill.served.Metadata.Described;
import dev.limbeck.distill.served.Request.Part;
import dev.limbeck.distill.teacher.AnswerException;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelOrigin;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.io.Checksum;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Ask a model behind a server for outputs. It is used by one thread at a time. */
public final class ServedModel implements ModelRuntime.Running {
    /** Name of the kind of model, as records show it. */
    public static final String KIND = "Open Inference Protocol";

    /** Rows that are not worth a request of their own. */
    private static final int LEAST_ROWS = 8;

    /** What servers answer to a body that they do not understand. */
    private static final Set<Integer> JSON_MAY_HELP = Set.of(400, 411, 415, 422, 500, 501);

    private static final int SERVER_ERRORS = 500;

    private final ModelAddress address;
    private final Connection connection;
    private final Metadata metadata;
    private final Consumer<String> log;
    private final int requests;
    private final @Nullable ExecutorService threads;
    private final List<InputSpec> inputs;
    private final String output;
    private final ModelFacts facts;
    /** Rows of each request; −1 for any. */
    private final long batch;

    private @Nullable String version;
    /** Whether requests are JSON; null until the server has answered one. */
    private @Nullable Boolean asJson;

    private boolean saidOthers;

    private ServedModel(
            ModelAddress address, Connection connection, Metadata metadata, int requests, Consumer<String> log) {
        this.address = address;
        this.connection = connection;
        this.metadata = metadata;
        this.requests = requests;
        this.log = log;
        version = metadata.version(address);
        batch = batch();
        inputs = metadata.inputs().stream().map(this::spec).toList();
        Described chosen = chosen(metadata.outputs());
        output = chosen == null ? "" : chosen.name();
        facts = facts(chosen);
        threads = requests == 1
                ? null
                : Executors.newFixedThreadPool(requests, task -> {
                    Thread thread = new Thread(task, "limbeck-served");
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /**
     * Open a served model as a teacher or to evaluate it, after a look at the server's readiness and the model's metadata.
     * A bearer token is taken from the environment variable {@code LIMBECK_TEACHER_TOKEN}, and the longest wait for an answer
     * from {@link Patience}. The caller closes it.
     *
     * @param requests number of requests at once, each with a part of a batch
     * @param log receives warnings, and lines about waiting
     * @throws LimbeckException if the server does not answer, or has no such model
     */
    public static FileTeacher open(ModelAddress address, int requests, ModelRole role, Consumer<String> log) {
        return open(
                address,
                requests,
                role,
                Connection.Timing.of(Patience.longest()),
                System.getenv(Connection.TOKEN),
                log);
    }

    static FileTeacher open(
            ModelAddress address,
            int requests,
            ModelRole role,
            Connection.Timing timing,
            @Nullable String token,
            Consumer<String> log) {
        Connection connection = new Connection(address.toString(), timing, token, log);
        if (token != null && !address.isPrivate()) {
            log.accept(address + ": " + Connection.TOKEN + " is sent over http, which others may read; use https");
        }
        connection.requireReady(address.ofServer("health/ready"));
        Reply reply = connection.get(address.ofModel(""));
        if (reply.status() != Connection.OK) {
            throw new AnswerException(connection.refused(reply) + "; check the model's name and version");
        }
        connection.requireReady(address.ofModel("ready"));
        Metadata metadata = Metadata.read(reply.body(), address.toString());
        ServedModel model = new ServedModel(address, connection, metadata, requests, log);
        if (model.version == null) {
            log.accept(address + ": it is not known which version answers, so records identify it by its address only");
        }
        return FileTeacher.of(model.origin(), model, role, log);
    }

    private ModelOrigin origin() {
        String identity = String.join(
                "\n",
                KIND,
                address.server(),
                address.name(),
                String.valueOf(version),
                metadata.platform(),
                metadata.inputs().toString(),
                metadata.outputs().toString());
        return new ModelOrigin(
                address.toString(), Printable.quote(address.name()), Checksum.sha256Of(identity), version != null);
    }

    /** Return the size of the batches that the inputs take; −1 for any. */
    private long batch() {
        long found = -1;
        for (Described input : metadata.inputs()) {
            if (input.batch() < 0) continue;
            if (found >= 0 && found != input.batch()) {
                throw new LimbeckException(address + " must take as many rows of each input, found " + metadata.inputs()
                        + "; serve it with a batch dimension first");
            }
            found = input.batch();
        }
        if (found > 0) {
            log.accept(address + " takes batches of " + found + " only; batches are sent in parts of " + found
                    + ", the last one filled up");
        }
        return found;
    }

    private InputSpec spec(Described input) {
        ElementType type = ElementType.of(input.datatype());
        if (type == null) {
            throw new LimbeckException(
                    address + " must take numbers or texts, found the input " + input + "; serve it with such inputs");
        }
        long[] row = input.row();
        return type == ElementType.BYTES
                ? InputSpec.texts(input.name(), row.length == 0 || row[0] < 0 ? 1 : row[0])
                : new InputSpec(input.name(), type.type(), row, 0, 0);
    }

    /** Choose the first output of floating-point numbers, or else the first. */
    private static @Nullable Described chosen(List<Described> outputs) {
        return outputs.stream()
                .filter(output -> isFloatingPoint(output.datatype()))
                .findFirst()
                .orElse(outputs.isEmpty() ? null : outputs.get(0));
    }

    private static boolean isFloatingPoint(String datatype) {
        ElementType type = ElementType.of(datatype);
        return type != null && type.type().isFloatingPoint();
    }

    private ModelFacts facts(@Nullable Described chosen) {
        List<String> outputs = new ArrayList<>();
        if (chosen != null) outputs.add(chosen.toString());
        metadata.outputs().stream()
                .filter(output -> output != chosen)
                .forEach(output -> outputs.add(Printable.quote(output.name())));
        Map<String, String> said = new LinkedHashMap<>();
        said.put("model_version", version == null ? "not known" : version);
        if (!metadata.platform().isEmpty()) said.put("platform", metadata.platform());
        return new ModelFacts(KIND, inputs, outputs, said);
    }

    @Override
    public ModelFacts facts() {
        return facts;
    }

    @Override
    public Tensor forward(Inputs given) {
        List<Part> whole = parts(given);
        int rows = given.rows();
        int step = step(rows);
        List<Tensor> outputs = new ArrayList<>();
        Deque<Future<Reply>> sent = new ArrayDeque<>();
        try {
            int next = 0;
            if (asJson == null) {
                outputs.add(tensor(first(rows(whole, 0, step)), step));
                next = step;
            }
            for (; next < rows; next += step) {
                int count = batch > 0 ? step : Math.min(step, rows - next);
                Request request = request(rows(whole, next, count), Boolean.TRUE.equals(asJson));
                if (threads == null || next + step >= rows && sent.isEmpty()) {
                    outputs.add(tensor(read(connection.post(address.ofModel("infer"), request)), count));
                } else {
                    sent.add(threads.submit(() -> connection.post(address.ofModel("infer"), request)));
                }
            }
            for (int from = outputs.size() * step; !sent.isEmpty(); from += step) {
                int count = batch > 0 ? step : Math.min(step, rows - from);
                outputs.add(tensor(read(got(sent.remove())), count));
            }
        } finally {
            sent.forEach(future -> future.cancel(true));
        }
        Tensor all = outputs.size() == 1 ? outputs.get(0) : Ops.cat(0, outputs.toArray(Tensor[]::new));
        return all.size(0) == rows ? all : all.narrow(0, 0, rows);
    }

    /** Return the rows of each request. */
    private int step(int rows) {
        if (batch > 0) return Math.toIntExact(batch);
        return Math.min(rows, Math.max(LEAST_ROWS, (rows + requests - 1) / requests));
    }

    /** Name the tensors as the model does, after a comparison with what it takes. */
    private List<Part> parts(Inputs given) {
        List<Part> parts = new ArrayList<>();
        if (!inputs.isEmpty() && inputs.size() != given.names().size()) {
            throw new LimbeckException("the model takes " + inputs.size() + " inputs (" + metadata.inputs()
                    + "), found " + given.names().size());
        }
        for (Map.Entry<String, Tensor> entry : given.tensors().entrySet()) {
            Tensor tensor = entry.getValue();
            if (inputs.isEmpty()) {
                parts.add(new Part(entry.getKey(), ElementType.of(DType.of(tensor)), tensor));
                continue;
            }
            InputSpec spec = inputs.get(parts.size());
            Described described = metadata.inputs().get(parts.size());
            ElementType type = Objects.requireNonNull(ElementType.of(described.datatype()));
            if (!spec.fits(tensor.shape())) {
                throw new AnswerException(address + " takes " + described + ", found "
                        + Tensors.shapeText(tensor.shape())
                        + "; leave out what is set about the teacher's inputs, or set it as the model needs it");
            }
            parts.add(new Part(described.name(), type, tensor));
        }
        return parts;
    }

    /** Take some rows; rows beyond the last are copies of it. */
    private static List<Part> rows(List<Part> whole, int from, int count) {
        return whole.stream()
                .map(part -> {
                    Tensor tensor = part.tensor();
                    long there = Math.min(count, tensor.size(0) - from);
                    Tensor rows = tensor.narrow(0, from, there);
                    if (there < count) {
                        long[] shape = tensor.shape();
                        shape[0] = count - there;
                        rows = Ops.cat(
                                0, rows, tensor.narrow(0, tensor.size(0) - 1, 1).expand(shape));
                    }
                    return new Part(part.name(), part.type(), rows.contiguous());
                })
                .toList();
    }

    private Request request(List<Part> parts, boolean json) {
        boolean flat = metadata.inputs().stream().allMatch(input -> input.row().length == 0);
        return Request.of(parts, output, json, flat && !metadata.inputs().isEmpty());
    }

    /** Find out with the first request whether the server takes tensors in binary; if not, use JSON. */
    private Reply first(List<Part> parts) {
        Reply reply = connection.post(address.ofModel("infer"), request(parts, false));
        if (reply.status() == Connection.OK) {
            asJson = false;
            return read(reply);
        }
        if (JSON_MAY_HELP.contains(reply.status())
                && parts.stream().allMatch(part -> part.type().isInJson())) {
            reply = connection.post(address.ofModel("infer"), request(parts, true));
            if (reply.status() == Connection.OK) {
                asJson = true;
                log.accept(address + " does not take tensors in binary; they are sent as JSON, which is slower");
            }
        }
        return read(reply);
    }

    private Reply read(Reply reply) {
        if (reply.status() == Connection.OK) return reply;
        String line = connection.refused(reply);
        boolean mayTakeOthers = inputs.isEmpty()
                || inputs.stream()
                        .anyMatch(input -> Arrays.stream(input.shape()).anyMatch(size -> size == InputSpec.FREE));
        throw reply.status() < SERVER_ERRORS && mayTakeOthers
                ? new LimbeckException(line)
                : new AnswerException(line + "; check the server and how the teacher's inputs are prepared");
    }

    private static Reply got(Future<Reply> sent) {
        try {
            return sent.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failed ? failed : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AnswerException("the program was interrupted while it waited for a teacher; run it again", e);
        }
    }

    private Tensor tensor(Reply reply, int rows) {
        Answer answer = Answer.read(reply.body(), reply.jsonLength(), output, address.toString());
        long[] shape = answer.shape();
        if (shape.length == 0 || shape[0] != rows) {
            throw new AnswerException(address + " must answer with " + rows + " rows of "
                    + Printable.quote(answer.output()) + ", found " + Tensors.shapeText(shape) + "; check the server");
        }
        String by = answer.version();
        if (by != null && !by.isEmpty()) {
            if (version == null) version = by;
            if (!by.equals(version)) {
                throw new AnswerException(address + " must answer by version " + Printable.quote(version)
                        + ", found version " + Printable.quote(by) + "; name the version in the address (…/versions/"
                        + Printable.quote(by) + ")");
            }
        }
        if (output.isEmpty() && !answer.others().isEmpty() && !saidOthers) {
            saidOthers = true;
            log.accept(address + " has the outputs " + Printable.quote(answer.output()) + ", "
                    + String.join(", ", answer.others()) + "; the first of these is used");
        }
        return answer.tensor();
    }

    @Override
    public void close() {
        if (threads != null) threads.shutdownNow();
    }
}
