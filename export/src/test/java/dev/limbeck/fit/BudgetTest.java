package dev.limbeck.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BudgetTest {
    private static final Cost SMALL = new Cost("small", "small", 1.5, 900_000, 225_000, 9_000_000);

    @Test
    void everyLimitCounts() {
        assertThat(new Budget(1.5, 0.9).allows(SMALL)).isTrue();
        assertThat(new Budget(1.4, null).allows(SMALL)).isFalse();
        assertThat(new Budget(null, 0.8).allows(SMALL)).isFalse();
        assertThat(new Budget(3.0, 0.45).excess(SMALL)).isEqualTo(2);
        assertThat(new Budget(0.5, 0.45).excess(SMALL)).isEqualTo(3);
        assertThat(new Budget(2.0, 1.0)).hasToString("2 ms and 1 MB");
    }

    /** A sweep takes the first of equally good ones. */
    @Test
    void whatIsAllowedIsSortedByCost() {
        Cost slow = new Cost("slow", "slow", 1.8, 100_000, 1, 1);
        Cost fast = new Cost("fast", "fast", 0.2, 100_000, 1, 1);
        Cost over = new Cost("over", "over", 2.1, 100_000, 1, 1);
        assertThat(new Budget(2.0, null).allowed(List.of(slow, over, SMALL, fast)))
                .containsExactly(fast, SMALL, slow);
        // The file of the second is the larger share of its limit.
        assertThat(new Budget(2.0, 0.95).allowed(List.of(SMALL, slow, fast))).containsExactly(fast, slow, SMALL);
        assertThat(new Budget(null, 1.0).allowed(List.of(slow, fast))).containsExactly(fast, slow);
    }

    @Test
    void aFileThatIsTooLargeNeedsNoLatency() {
        Cost untimed = new Cost("large", "large", Double.NaN, 4_000_000, 1, 1);
        assertThat(new Budget(1.0, 2.0).excess(untimed)).isEqualTo(2);
        assertThat(new Budget(1.0, 2.0).allows(untimed)).isFalse();
    }

    @Test
    void aBudgetHasPositiveLimits() {
        assertThatThrownBy(() -> new Budget(null, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("found no budget; name one (--max-ms, --max-mb)");
        assertThatThrownBy(() -> new Budget(0.0, null)).isInstanceOf(LimbeckException.class);
        assertThatThrownBy(() -> new Budget(1.0, Double.NaN)).isInstanceOf(LimbeckException.class);
    }

    @Test
    void costsAreReadBack(@TempDir Path home) throws Exception {
        Cost untimed = new Cost("large", "large", Double.NaN, 4_000_000, 1, 1);
        Costs costs = new Costs("a machine", 1, List.of("input float32 3×8×8"), 2, List.of(SMALL, untimed));
        Path file = home.resolve(Costs.NAME);
        costs.write(file);
        assertThat(Costs.read(file)).isEqualTo(costs);
        Files.writeString(file, "{\"costs\": 7}");
        assertThatThrownBy(() -> Costs.read(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(file + " holds no costs; measure them again (limbeck fit --measure)");
        Files.writeString(file, "{}");
        assertThatThrownBy(() -> Costs.read(file)).hasMessageContaining("holds no costs");
    }
}
