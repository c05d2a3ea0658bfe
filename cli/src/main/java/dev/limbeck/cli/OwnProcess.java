package dev.limbeck.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.limbeck.AtExit;
import dev.limbeck.LimbeckException;
import dev.limbeck.distributed.LocalProcesses;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Run a command in a separate process, for measurements that need a fresh one. */
final class OwnProcess {
    private OwnProcess() {}

    /**
     * Run a command with this process's settings of Java, and return its {@code --json} document. The process does not outlive this one.
     *
     * @throws LimbeckException with the command's own message if it fails
     */
    static JsonNode json(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(LocalProcesses.ownSettings());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        command.add("--json");
        return document(command);
    }

    /** Run a program that prints a JSON document. */
    static JsonNode document(List<String> command) {
        try {
            Process process = new ProcessBuilder(command).start();
            try (AtExit exit = AtExit.run(process::destroyForcibly)) {
                return document(process);
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            throw new LimbeckException("cannot start a separate process: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimbeckException("interrupted", e);
        }
    }

    private static JsonNode document(Process process) throws IOException, InterruptedException {
        CompletableFuture<String> log = CompletableFuture.supplyAsync(() -> lastLine(process));
        process.getOutputStream().close();
        byte[] printed;
        try (InputStream out = process.getInputStream()) {
            printed = out.readAllBytes();
        }
        int code = process.waitFor();
        JsonNode document = parsed(printed);
        if (code == 0 && !document.isMissingNode()) return document;
        String message = document.path("error").asText();
        if (message.isEmpty()) {
            String last = log.join();
            message = "a separate process ended with " + code + (last.isEmpty() ? " without a message" : ": " + last);
        }
        throw new LimbeckException(message);
    }

    /** Return the document; a missing node for anything else. */
    private static JsonNode parsed(byte[] printed) throws IOException {
        try {
            return new ObjectMapper().readTree(printed);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    private static String lastLine(Process process) {
        return process.errorReader(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank())
                .reduce("", (before, line) -> line)
                .strip();
    }
}
