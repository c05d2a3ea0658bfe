package dev.limbeck.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.train.ThreadExchange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedCheckpointTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 257, 1000})
    void otherProcessesGetACopyPieceByPiece(int bytes) throws Exception {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        Path own = Files.write(home.resolve("checkpoint"), content);
        ThreadExchange.run(3, exchange -> {
            Path file;
            try (SharedCheckpoint shared = SharedCheckpoint.of(exchange.writes() ? own : null, exchange, 256)) {
                file = shared.file();
                assertThat(file).hasBinaryContent(content);
            }
            assertThat(Files.exists(file)).isEqualTo(exchange.writes());
            return exchange.rank();
        });
    }

    @Test
    void withoutACheckpointNobodyHasOne() throws Exception {
        ThreadExchange.run(2, exchange -> {
            try (SharedCheckpoint shared = SharedCheckpoint.of(null, exchange)) {
                assertThat(shared.file()).isNull();
            }
            return exchange.rank();
        });
    }
}
