package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Run a command in a separate process, for measurements that need a fresh one. */
final class OwnProcess {
    private OwnProcess() {}

    /**
     * Run a command with this process's settings, and return its {@code --json} document.
     *
     * @throws LimbeckException with the command's own message if it fails
     */
    static JsonNode json(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // An agent of this process would write to the same place again.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.startsWith("-javaagent") && !flag.startsWith("-agent"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        command.add("--json");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
            Process process = builder.start();
            byte[] printed;
            try (InputStream out = process.getInputStream()) {
                printed = out.readAllBytes();
            } finally {
                process.getOutputStream().close();
            }
            int code = process.waitFor();
            JsonNode document = new ObjectMapper().readTree(printed);
            if (code == 0 && document != null) return document;
            String message = document == null ? "" : document.path("error").asText();
            throw new LimbeckException(
                    message.isEmpty() ? "a separate process ended with " + code + " without a message" : message);
        } catch (IOException e) {
            throw new LimbeckException("cannot start a separate process: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimbeckException("interrupted", e);
        }
    }
}
