package dev.limbeck.distributed;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Describe where the processes of a training meet, in the environment variables of torchrun and Kubeflow.
 *
 * @param rank index of this process, from 0
 * @param size number of processes
 * @param address host name or IP address of process 0
 * @param port TCP port of the store of process 0
 * @param served whether another program serves the store, as torchrun's agent does
 * @param attempt how often the processes were started again after a failure
 * @param own host name or IP address at which the others reach this process
 */
public record Rendezvous(int rank, int size, String address, int port, boolean served, int attempt, String own) {
    private static final int MOST_PORT = 65_535;
    private static final String RANK = "RANK";
    static final String LOCAL_RANK = "LOCAL_RANK";
    private static final String SIZE = "WORLD_SIZE";
    private static final String ADDRESS = "MASTER_ADDR";
    private static final String PORT = "MASTER_PORT";
    private static final String OWN = "LIMBECK_HOST";
    private static final String ATTEMPT = "TORCHELASTIC_RESTART_COUNT";

    public Rendezvous {
        if (size < 1) throw wrong(SIZE, "at least 1", size);
        if (rank < 0 || rank >= size) throw wrong(RANK, "from 0 to " + (size - 1), rank);
        if (port < 1 || port > MOST_PORT) throw wrong(PORT, "from 1 to " + MOST_PORT, port);
    }

    /**
     * Read the variables {@code RANK}, {@code WORLD_SIZE}, {@code MASTER_ADDR} and {@code MASTER_PORT}. {@code LIMBECK_HOST} is this
     * process's own address; the default is the address of the network interface that reaches process 0.
     *
     * torchrun's {@code TORCHELASTIC_USE_AGENT_STORE} and {@code TORCHELASTIC_RESTART_COUNT} are read too.
     *
     * @return empty if neither {@code RANK} nor {@code WORLD_SIZE} is set
     * @throws LimbeckException if a variable is missing or no number
     */
    public static Optional<Rendezvous> of(Map<String, String> environment) {
        if (!environment.containsKey(RANK) && !environment.containsKey(SIZE)) return Optional.empty();
        int size = number(environment, SIZE);
        if (size == 1) return Optional.empty();
        String address = text(environment, ADDRESS);
        int port = number(environment, PORT);
        if (port < 1 || port > MOST_PORT) throw wrong(PORT, "from 1 to " + MOST_PORT, port);
        String own = environment.get(OWN);
        return Optional.of(new Rendezvous(
                number(environment, RANK),
                size,
                address,
                port,
                "True".equals(environment.get("TORCHELASTIC_USE_AGENT_STORE")),
                attempt(environment),
                own == null ? Addresses.towards(address, port) : own));
    }

    /**
     * Read how often torchrun has started the processes again, also if there is only one now; 0 without torchrun.
     *
     * @throws LimbeckException if it is not a number
     */
    public static int attempt(Map<String, String> environment) {
        return environment.containsKey(ATTEMPT) ? number(environment, ATTEMPT) : 0;
    }

    /**
     * Read the index of this process among those of its machine, from 0.
     *
     * @return empty if {@code LOCAL_RANK} is not set, or blank
     * @throws LimbeckException if it is not a number from 0
     */
    public static OptionalInt localRank(Map<String, String> environment) {
        if (environment.getOrDefault(LOCAL_RANK, "").isBlank()) return OptionalInt.empty();
        int rank = number(environment, LOCAL_RANK);
        if (rank < 0) throw wrong(LOCAL_RANK, "at least 0", rank);
        return OptionalInt.of(rank);
    }

    /** Return the variables of a process that a launcher on this machine starts. */
    static Map<String, String> variables(int rank, int size, int port) {
        return variables(rank, size, "127.0.0.1", port, "127.0.0.1");
    }

    /**
     * Return the variables of a process that a launcher starts.
     *
     * @param address of process 0
     * @param own address at which the others reach the process
     */
    public static Map<String, String> variables(int rank, int size, String address, int port, String own) {
        return Map.of(
                RANK,
                String.valueOf(rank),
                SIZE,
                String.valueOf(size),
                ADDRESS,
                address,
                PORT,
                String.valueOf(port),
                OWN,
                own);
    }

    /** Return a port of an address of this machine that nothing listens on now. */
    public static int freePort(InetAddress address) throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, address)) {
            return socket.getLocalPort();
        }
    }

    private static String text(Map<String, String> environment, String name) {
        String value = environment.get(name);
        if (value != null && !value.isBlank()) return value;
        throw new LimbeckException(
                "several processes need the environment variables " + RANK + ", " + SIZE + ", " + ADDRESS + " and "
                        + PORT + ", found no " + name + "; start them with --nproc or torchrun, or unset " + SIZE);
    }

    private static int number(Map<String, String> environment, String name) {
        String value = text(environment, name);
        try {
            return Integer.parseInt(value.strip());
        } catch (NumberFormatException e) {
            throw wrong(name, "a number", value);
        }
    }

    private static LimbeckException wrong(String name, String expected, Object found) {
        return new LimbeckException(
                "the environment variable " + name + " must be " + expected + ", found " + found + "; correct it");
    }
}
