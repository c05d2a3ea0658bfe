package dev.limbeck.data.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MungeTest {
    private static final List<String> HEADER = List.of("size", "count", "color", "note");

    private static List<String[]> rows(int count) {
        Random random = new Random(4);
        List<String[]> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean big = i % 2 == 0;
            rows.add(new String[] {
                i % 7 == 0 ? "" : String.valueOf((big ? 100 : 0) + random.nextGaussian()),
                String.valueOf((big ? 50 : 10) + random.nextInt(5)),
                big ? "red" : "blue",
                "n" + i
            });
        }
        return rows;
    }

    private static List<String[]> made(String how, int count, long seed) {
        return Munge.of(how).rows(HEADER, rows(count), Set.of(), Set.of("note"), seed);
    }

    @Test
    void rowsComeFromNeighborsOfTheirKind() {
        List<String[]> rows = rows(200);
        List<String[]> made = made("munge:3", 200, 1);
        assertThat(made).hasSize(600);
        int changed = 0;
        for (int i = 0; i < made.size(); i++) {
            String[] row = made.get(i);
            boolean big = i % 2 == 0;
            assertThat(row[3]).isEqualTo("n" + i % 200);
            // Neighbors are of the same cluster, so words and numbers stay in it.
            assertThat(row[2]).isEqualTo(big ? "red" : "blue");
            if (!row[0].isEmpty()) assertThat(Double.parseDouble(row[0])).isCloseTo(big ? 100 : 0, within(30.0));
            assertThat(Long.parseLong(row[1])).isCloseTo(big ? 52 : 12, within(25L));
            if (!Arrays.equals(row, rows.get(i % 200))) changed++;
        }
        assertThat(changed).isBetween(300, 500);
    }

    @Test
    void theSameSeedMakesTheSameRowsAndCopiesDiffer() {
        assertThat(made("munge:2", 50, 7)).containsExactlyElementsOf(made("munge:2,p=0.5,s=1", 50, 7));
        List<String[]> made = made("munge:2", 50, 7);
        assertThat(Arrays.deepEquals(
                        made.subList(0, 50).toArray(), made.subList(50, 100).toArray()))
                .isFalse();
        assertThat(Arrays.deepEquals(made.toArray(), made("munge:2", 50, 8).toArray()))
                .isFalse();
    }

    /** With words only, cells are swapped: each column keeps its cells. */
    @Test
    void wordsAreSwapped() {
        List<String[]> rows = new ArrayList<>();
        for (int i = 0; i < 30; i++) rows.add(new String[] {"a" + i % 4, String.valueOf(i % 5)});
        List<String[]> made = Munge.of("munge:1,p=1").rows(List.of("x", "y"), rows, Set.of("y"), Set.of(), 3);
        for (int column : new int[] {0, 1}) {
            assertThat(made.stream().map(row -> row[column]).sorted())
                    .containsExactlyElementsOf(
                            rows.stream().map(row -> row[column]).sorted().toList());
        }
    }

    /** The deviation of what is drawn is the distance of the neighbors over s. */
    @Test
    void numbersAreDrawnAroundTheNeighbors() {
        List<String[]> rows = new ArrayList<>();
        for (int i = 0; i < 2000; i++) rows.add(new String[] {String.valueOf(100.0 * (i / 2) + 2.5 * (i % 2))});
        List<String[]> made = Munge.of("munge:1,p=0.01,s=5").rows(List.of("x"), rows, Set.of(), Set.of(), 3);
        List<Double> moved = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            double was = Double.parseDouble(rows.get(i)[0]);
            double is = Double.parseDouble(made.get(i)[0]);
            double neighbor = Double.parseDouble(rows.get(i ^ 1)[0]);
            if (is != was) moved.add(is - neighbor);
        }
        assertThat(moved).hasSizeBetween(20, 70);
        double square = moved.stream().mapToDouble(x -> x * x).average().orElseThrow();
        assertThat(Math.sqrt(square)).isCloseTo(2.5 / 5, within(0.15));
    }

    /** Seconds since 1970 are large and differ little. Two times differ by 4 when standardized, two words by 1. */
    @Test
    void largeNumbersThatDifferLittleAreStandardized() {
        List<String[]> rows = new ArrayList<>();
        for (int i = 0; i < 40; i++) rows.add(new String[] {String.valueOf(1_760_000_000L + i % 2), "word" + i / 2});
        List<String[]> made = Munge.of("munge:1,p=1").rows(List.of("time", "word"), rows, Set.of(), Set.of(), 3);
        for (int i = 0; i < 40; i++) assertThat(made.get(i)[0]).isEqualTo(rows.get(i)[0]);
    }

    @Test
    void tablesOfManyRowsCompareEachWithSomeDrawnOnes() {
        assertThat(Munge.compared(30_000, 1))
                .isEqualTo(IntStream.range(0, 30_000).toArray());
        int[] some = Munge.compared(90_000, 1);
        assertThat(some).hasSize(10_000).isSorted().doesNotHaveDuplicates().isEqualTo(Munge.compared(90_000, 1));
        assertThat(some).isNotEqualTo(Munge.compared(90_000, 2));
        assertThat(some[0]).isBetween(0, 200);
        assertThat(some[some.length - 1]).isBetween(89_800, 89_999);
        assertThat(Munge.compared(2_000_000, 1)).hasSize(1000);
    }

    @Test
    void whatDoesNotFitIsOneLine() {
        for (String how : List.of("munge", "munge:0", "smote:3", "munge:3,p=2", "munge:3,s=0", "munge:3,q=1")) {
            assertThatThrownBy(() -> Munge.of(how))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("must be munge:K")
                    .hasMessageNotContaining("\n");
        }
        assertThatThrownBy(() -> made("munge:1", 1, 1)).hasMessageContaining("need at least two training rows");
        List<String[]> gap = new ArrayList<>(rows(5));
        gap.get(2)[2] = null;
        assertThatThrownBy(() -> Munge.of("munge:1").rows(HEADER, gap, Set.of(), Set.of(), 1))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("need the column 'color' in every file");
    }
}
