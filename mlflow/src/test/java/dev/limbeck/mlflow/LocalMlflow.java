package dev.limbeck.mlflow;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow_project.google.protobuf.InvalidProtocolBufferException;
import org.mlflow_project.google.protobuf.Message;
import org.mlflow_project.google.protobuf.util.JsonFormat;

/**
 * Keep runs in memory behind the part of MLflow's REST interface that the tracker uses. Requests and answers are read and written as
 * the messages of MLflow's own client, so a field that MLflow does not have is an error. Limits and errors are those of MLflow's
 * documentation.
 */
final class LocalMlflow implements AutoCloseable {
    private static final String API = "/api/2.0/mlflow/";
    private static final String ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/";

    /** The names that MLflow takes, as its own validation has them. */
    private static final String NAMES = "[/\\w.\\- ]{1,250}";

    /** Hold a run. */
    static final class Run {
        Service.RunInfo info = Service.RunInfo.getDefaultInstance();
        final List<RunStatus> statuses = new CopyOnWriteArrayList<>();
        final Map<String, String> params = new ConcurrentHashMap<>();
        final Map<String, String> tags = new ConcurrentHashMap<>();
        final List<Service.Metric> metrics = new CopyOnWriteArrayList<>();

        /** Return the values of a metric by step. */
        Map<Long, Double> history(String key) {
            Map<Long, Double> values = new TreeMap<>();
            for (Service.Metric metric : metrics) {
                if (!metric.getKey().equals(key)) continue;
                if (values.put(metric.getStep(), metric.getValue()) != null) {
                    throw new AssertionError(key + " was sent twice for step " + metric.getStep());
                }
            }
            return values;
        }
    }

    /** An error of the interface. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        final int status;
        final String code;

        Refused(int status, String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }
    }

    final Map<String, String> experiments = new ConcurrentHashMap<>();
    final Map<String, Run> runs = new ConcurrentHashMap<>();
    final Map<String, byte[]> artifacts = new ConcurrentHashMap<>();
    final List<String> authorizations = new CopyOnWriteArrayList<>();
    /** Where the server says that it keeps the artifacts of a run. */
    volatile Function<String, String> place = run -> "mlflow-artifacts:/" + run;
    /** Whether every call fails. */
    volatile boolean isBroken;
    /** A setting that it does not take. */
    volatile String wrong = "";

    private final HttpServer server;

    LocalMlflow() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    Run only() {
        if (runs.size() != 1) throw new AssertionError("expected one run, found " + runs.keySet());
        return runs.values().iterator().next();
    }

    private void answer(HttpExchange call) throws IOException {
        try (call) {
            byte[] body = call.getRequestBody().readAllBytes();
            String path = call.getRequestURI().getPath();
            authorizations.add(String.valueOf(call.getRequestHeaders().getFirst("Authorization")));
            int status = 200;
            String said;
            try {
                if (isBroken) throw new Refused(503, "TEMPORARILY_UNAVAILABLE", "out of order");
                if (path.startsWith(ARTIFACTS) && call.getRequestMethod().equals("PUT")) {
                    artifacts.put(path.substring(ARTIFACTS.length()), body);
                    said = "{}";
                } else {
                    String method = call.getRequestMethod() + " " + path.replace(API, "");
                    said = JsonFormat.printer()
                            .preservingProtoFieldNames()
                            .print(respond(
                                    method,
                                    new String(body, StandardCharsets.UTF_8),
                                    call.getRequestURI().getRawQuery()));
                }
            } catch (Refused e) {
                status = e.status;
                said = "{\"error_code\": \"" + e.code + "\", \"message\": \"" + e.getMessage() + "\"}";
            } catch (InvalidProtocolBufferException e) {
                status = 400;
                said = "{\"error_code\": \"MALFORMED_REQUEST\", \"message\": \"no such message\"}";
            }
            byte[] bytes = said.getBytes(StandardCharsets.UTF_8);
            call.sendResponseHeaders(status, bytes.length);
            call.getResponseBody().write(bytes);
        }
    }

    private Message respond(String method, String body, String query) throws Refused, InvalidProtocolBufferException {
        return switch (method) {
            case "GET experiments/get-by-name" -> experiment(parameter(query, "experiment_name"));
            case "POST experiments/create" ->
                created(read(body, Service.CreateExperiment.newBuilder()).build());
            case "POST runs/create" ->
                begun(read(body, Service.CreateRun.newBuilder()).build());
            case "GET runs/get" ->
                Service.GetRun.Response.newBuilder()
                        .setRun(described(run(parameter(query, "run_id"))))
                        .build();
            case "POST runs/update" ->
                updated(read(body, Service.UpdateRun.newBuilder()).build());
            case "POST runs/log-batch" ->
                logged(read(body, Service.LogBatch.newBuilder()).build());
            case "POST runs/set-tag" -> {
                Service.SetTag tag = read(body, Service.SetTag.newBuilder()).build();
                run(tag.getRunId()).tags.put(tag.getKey(), tag.getValue());
                yield Service.SetTag.Response.getDefaultInstance();
            }
            case "GET metrics/get-history" ->
                Service.GetMetricHistory.Response.newBuilder()
                        .addAllMetrics(run(parameter(query, "run_id")).metrics.stream()
                                .filter(metric -> query.contains("metric_key=" + metric.getKey()))
                                .toList())
                        .build();
            default -> throw new Refused(404, "ENDPOINT_NOT_FOUND", method);
        };
    }

    private static <B extends Message.Builder> B read(String body, B into) throws InvalidProtocolBufferException {
        JsonFormat.parser().merge(body, into);
        return into;
    }

    private static String parameter(String query, String name) throws Refused {
        for (String pair : String.valueOf(query).split("&")) {
            if (pair.startsWith(name + "=")) {
                return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
            }
        }
        throw new Refused(400, "INVALID_PARAMETER_VALUE", "no " + name);
    }

    private Message experiment(String name) throws Refused {
        String id = experiments.get(name);
        if (id == null) throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", "no experiment of that name");
        return Service.GetExperimentByName.Response.newBuilder()
                .setExperiment(
                        Service.Experiment.newBuilder().setExperimentId(id).setName(name))
                .build();
    }

    private Message created(Service.CreateExperiment wanted) throws Refused {
        String id = String.valueOf(experiments.size() + 1);
        if (experiments.putIfAbsent(wanted.getName(), id) != null) {
            throw new Refused(400, "RESOURCE_ALREADY_EXISTS", "there is one");
        }
        return Service.CreateExperiment.Response.newBuilder()
                .setExperimentId(id)
                .build();
    }

    private Message begun(Service.CreateRun wanted) throws Refused {
        if (!experiments.containsValue(wanted.getExperimentId())) {
            throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", "no experiment");
        }
        String id = "run" + runs.size();
        Run run = new Run();
        run.info = Service.RunInfo.newBuilder()
                .setRunId(id)
                .setRunUuid(id)
                .setRunName(wanted.getRunName())
                .setExperimentId(wanted.getExperimentId())
                .setStatus(RunStatus.RUNNING)
                .setStartTime(wanted.getStartTime())
                .setArtifactUri(place.apply(id))
                .build();
        run.statuses.add(RunStatus.RUNNING);
        for (Service.RunTag tag : wanted.getTagsList()) run.tags.put(named(tag.getKey()), tag.getValue());
        runs.put(id, run);
        return Service.CreateRun.Response.newBuilder().setRun(described(run)).build();
    }

    private Message updated(Service.UpdateRun wanted) throws Refused {
        Run run = run(wanted.getRunId());
        run.info = run.info.toBuilder()
                .setStatus(wanted.getStatus())
                .setEndTime(wanted.getEndTime())
                .build();
        run.statuses.add(wanted.getStatus());
        return Service.UpdateRun.Response.newBuilder().setRunInfo(run.info).build();
    }

    private Message logged(Service.LogBatch batch) throws Refused {
        Run run = run(batch.getRunId());
        if (batch.getMetricsCount() > 1000 || batch.getParamsCount() > 100 || batch.getTagsCount() > 100) {
            throw new Refused(400, "INVALID_PARAMETER_VALUE", "too many");
        }
        List<String> keys =
                batch.getParamsList().stream().map(Service.Param::getKey).toList();
        if (Set.copyOf(keys).size() < keys.size()) {
            throw new Refused(400, "INVALID_PARAMETER_VALUE", "Duplicate parameter keys have been submitted");
        }
        if (keys.contains(wrong)) throw new Refused(400, "INVALID_PARAMETER_VALUE", "no " + wrong);
        List<String> changed = new ArrayList<>();
        for (Service.Param param : batch.getParamsList()) {
            String before = run.params.putIfAbsent(named(param.getKey()), param.getValue());
            if (before != null && !before.equals(param.getValue())
                    || param.getValue().length() > 500) {
                changed.add(param.getKey());
            }
        }
        if (!changed.isEmpty()) throw new Refused(400, "INVALID_PARAMETER_VALUE", "changed " + changed);
        for (Service.Metric metric : batch.getMetricsList()) {
            named(metric.getKey());
            run.metrics.add(metric);
        }
        return Service.LogBatch.Response.getDefaultInstance();
    }

    private Run run(String id) throws Refused {
        Run run = runs.get(id);
        if (run == null) throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", "no such run");
        return run;
    }

    private static String named(String key) throws Refused {
        if (key.matches(NAMES)) return key;
        throw new Refused(400, "INVALID_PARAMETER_VALUE", "a name of other characters");
    }

    private static Service.Run described(Run run) {
        Service.RunData.Builder data = Service.RunData.newBuilder().addAllMetrics(run.metrics);
        run.params.forEach((key, value) ->
                data.addParams(Service.Param.newBuilder().setKey(key).setValue(value)));
        run.tags.forEach((key, value) ->
                data.addTags(Service.RunTag.newBuilder().setKey(key).setValue(value)));
        return Service.Run.newBuilder().setInfo(run.info).setData(data).build();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
