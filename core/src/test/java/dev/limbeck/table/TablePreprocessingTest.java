package dev.limbeck.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TablePreprocessingTest {
    private static final List<String> HEADER = List.of("age", "job", "code");
    private static final List<String[]> ROWS = List.of(
            new String[] {"10", "cook", "1"},
            new String[] {"20", "nurse", "2"},
            new String[] {"30", "cook", "1"},
            new String[] {"40", "", "2"});
    private static final Map<String, Object> NURSE = Map.of("age", 20, "job", "nurse", "code", "2");

    private static TablePreprocessing fitted(String... categorical) {
        return TablePreprocessing.fit(HEADER, ROWS, Set.of(categorical), Set.of(), line -> {});
    }

    @Test
    void numbersAreStandardizedAndPlacedBetweenQuantiles() {
        TablePreprocessing table = fitted("code");
        TablePreprocessing.Encoded row = table.encode(NURSE);
        // Mean 25, standard deviation √125; quantiles 10, 20, 30 and 40.
        assertThat(row.numbers()).containsExactly(new float[] {(float) (-5 / Math.sqrt(125)), 1, 0, 0}, within(1e-6f));
        assertThat(table.encode(with("age", "25")).numbers())
                .containsExactly(new float[] {0, 1, 0.5f, 0}, within(1e-6f));
        assertThat(table.encode(with("age", "1e3")).numbers()[3]).isEqualTo(1);
    }

    @Test
    void minusZeroIsZero() {
        List<String[]> rows = List.of(
                new String[] {"-0.0"}, new String[] {"0"}, new String[] {"-0"}, new String[] {"0.0"}, new String[] {"1"
                });
        TablePreprocessing table = TablePreprocessing.fit(List.of("x"), rows, Set.of(), Set.of(), line -> {});
        assertThat(table.numbers()).isEqualTo(2);
        assertThat(table.encode("-0.0").numbers())
                .isEqualTo(table.encode("0").numbers())
                .doesNotContain(Float.NaN);
    }

    /** A network has an input for each interval, also for one without a width. */
    @Test
    void savedEdgesOfBothZerosGiveNumbers() {
        TablePreprocessing saved =
                TablePreprocessing.of(Map.of("columns", "numbers\tx\t0.5\t2.0\t0\t-1.0\t-0.0\t0.0\t2.0"));
        assertThat(saved.encode("0").numbers()).containsExactly(-0.25f, 1, 0, 0);
        assertThat(saved.encode("-0.0").numbers()).containsExactly(-0.25f, 1, 0, 0);
        assertThat(saved.encode("1").numbers()).containsExactly(0.25f, 1, 1, 0.5f);
        assertThat(saved.encode("-0.5").numbers()).containsExactly(-0.5f, 0.5f, 0, 0);
    }

    @Test
    void wordsGetIdsThatDifferBetweenColumns() {
        TablePreprocessing table = fitted("code");
        assertThat(table.ids()).isEqualTo(4 + 3);
        assertThat(table.categories()).isEqualTo(2);
        // Words of job: empty, cook, nurse; ids start at 1, 0 is an unknown word. Those of code start at 4.
        assertThat(table.encode(NURSE).ids()).containsExactly(3, 6);
        assertThat(table.encode(with("job", "")).ids()).containsExactly(1, 6);
        assertThat(table.encode(with("job", "pilot")).ids()).containsExactly(0, 6);
        assertThat(table.encode(with("code", "7")).ids()).containsExactly(3, 4);
    }

    @Test
    void wordsThatTrainingDidNotHaveAreSaid() {
        TablePreprocessing table = fitted("code");
        assertThat(table.unknown(ROWS)).isEmpty();
        assertThat(table.unknown(List.of(
                        new String[] {"1", "", "1.0"}, new String[] {"2", "pilot", "2"}, new String[] {"3", "cook", "7"
                        })))
                .containsExactly(
                        "the column 'job' has 1 of 3 cells that training did not have, such as 'pilot'; they count as "
                                + "one unknown word",
                        "the column 'code' has 2 of 3 cells that training did not have, such as '1.0'; they count as "
                                + "one unknown word");
    }

    @Test
    void wordsBeyondTheMostFrequentOnesAreSaid() {
        List<String[]> rows = new ArrayList<>();
        for (int i = 0; i < 20_001; i++) rows.add(new String[] {"w" + i % 10_001});
        TablePreprocessing table = TablePreprocessing.fit(List.of("x"), rows, Set.of(), Set.of(), line -> {});
        assertThat(table.unknown(rows))
                .singleElement()
                .asString()
                .contains(" cells that are not among the 10000 most frequent words of training, such as 'w");
    }

    /** A JSON reader may make a floating-point number of each number; pandas writes True. */
    @Test
    void valuesAmongWordsAreWrittenAsTrainingHadThem() {
        List<String[]> rows = List.of(
                new String[] {"94110", "True", "1.0", "2"},
                new String[] {"10000000", "False", "2.0", "-1"},
                new String[] {"7.5", "False", "3", "3"});
        TablePreprocessing table = TablePreprocessing.fit(
                List.of("zip", "new", "code", "n"), rows, Set.of("zip", "new", "code"), Set.of("-1"), line -> {});
        assertThat(table.cells(Map.of("zip", 94110.0, "new", true, "code", 1, "n", -1.0)))
                .containsExactly("94110", "True", "1.0", "-1");
        assertThat(table.cells(Map.of("zip", 1e7, "new", false, "code", 3.0, "n", 2.0)))
                .containsExactly("10000000", "False", "3", "2.0");
        assertThat(table.cells(Map.of("zip", 7.5f, "new", "true", "code", "1", "n", 1e300)))
                .containsExactly("7.5", "true", "1", "1.0E300");
        assertThat(table.cells(Map.of("zip", Double.NaN, "new", 1, "code", 4.0, "n", "")))
                .containsExactly("NaN", "1", "4.0", "");
        assertThat(table.encode(Map.of("zip", 94110.0, "new", true, "code", 1, "n", 2))
                        .ids())
                .isEqualTo(table.encode("94110", "True", "1.0", "2").ids());
    }

    private static Map<String, Object> with(String column, Object cell) {
        Map<String, Object> row = new HashMap<>(NURSE);
        row.put(column, cell);
        return row;
    }

    @Test
    void cellsThatMeanNoValueTravelWithTheModel() {
        List<String[]> rows =
                List.of(new String[] {"1", "?"}, new String[] {"n/a", "cook"}, new String[] {"3", "cook"});
        TablePreprocessing fitted =
                TablePreprocessing.fit(List.of("age", "job"), rows, Set.of(), Set.of("?", "n/a"), line -> {});
        TablePreprocessing read = TablePreprocessing.of(fitted.toMetadata());
        assertThat(read).isEqualTo(fitted);
        assertThat(read.encode("n/a", "?").ids()).isEqualTo(read.encode("", "").ids());
        assertThat(read.encode("n/a", "?").numbers())
                .isEqualTo(read.encode("", "").numbers());
    }

    @Test
    void aFewOddCellsOfNumbersAreRefusedWithAdvice() {
        List<String[]> rows = List.of(new String[] {"1"}, new String[] {"2"}, new String[] {"NaN"});
        assertThatThrownBy(() -> TablePreprocessing.fit(List.of("age"), rows, Set.of(), Set.of(), line -> {}))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("the column 'age' has 1 cells of 3 that are no finite numbers, such as 'NaN'; name cells "
                        + "without a value (missing, --missing), or the column as words (categorical, --categorical)");
        assertThat(TablePreprocessing.fit(List.of("age"), rows, Set.of("age"), Set.of(), line -> {})
                        .ids())
                .isEqualTo(4);
    }

    @Test
    void numbersBeyondFloat32AreNone() {
        TablePreprocessing table = fitted("code");
        for (String cell : List.of("1e39", "-1e300", "1e400")) {
            assertThatThrownBy(() -> table.encode(with("age", cell)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("must have finite numbers, found '" + cell + "'");
        }
    }

    @Test
    void metadataHoldsAllOfItWhateverTheNames() {
        List<String[]> odd =
                List.of(new String[] {"a\tb", "1.5"}, new String[] {"c\nd\\n", ""}, new String[] {"\\t", "3"});
        TablePreprocessing table =
                TablePreprocessing.fit(List.of("tab\tbed", "back\\slash"), odd, Set.of(), Set.of(), line -> {});
        TablePreprocessing read = TablePreprocessing.of(table.toMetadata());
        assertThat(read).isEqualTo(table);
        for (String[] row : odd) {
            assertThat(read.encode(row).ids()).isEqualTo(table.encode(row).ids());
            assertThat(read.encode(row).numbers()).isEqualTo(table.encode(row).numbers());
        }
    }

    @Test
    void columnsWithoutUseAreLeftOutWithALine() {
        List<String[]> rows = new ArrayList<>();
        for (int i = 0; i < 30; i++) rows.add(new String[] {"id" + i, "same", String.valueOf(i)});
        List<String> said = new ArrayList<>();
        TablePreprocessing table =
                TablePreprocessing.fit(List.of("id", "one", "x"), rows, Set.of(), Set.of(), said::add);
        assertThat(table.names()).containsExactly("x");
        assertThat(said)
                .containsExactly(
                        "the column 'id' has another word in each training row and is left out",
                        "the column 'one' has one value in the training rows and is left out");
    }

    /** The mean of three times 0.1 is no 0.1: a deviation by rounding would make 0.2 a number of 16 digits. */
    @Test
    void aColumnOfOneNumberSaysOnlyWhetherItIsEmpty() {
        for (String value : List.of("0.1", "1000", "2026-01-31")) {
            List<String> said = new ArrayList<>();
            TablePreprocessing table = dated(said, "", value, value, value);
            assertThat(said.get(0))
                    .isEqualTo("the column 'when' has one value in the training rows and empty cells; only whether a "
                            + "cell is empty is used");
            TablePreprocessing read = TablePreprocessing.of(table.toMetadata());
            assertThat(read).isEqualTo(table);
            for (String cell : List.of(value, value.contains("-") ? "2030-07-01" : "-3e38")) {
                assertThat(read.encode(cell).numbers()).containsExactly(new float[] {0, 0}, within(0f));
            }
            assertThat(read.encode("").numbers()).containsExactly(0, 1);
        }
    }

    @Test
    void aColumnOfOneNumberInTwoFormsIsLeftOut() {
        List<String> said = new ArrayList<>();
        List<String[]> rows = List.of(new String[] {"1", "1"}, new String[] {"1.0", "2"});
        List<String[]> others = List.<String[]>of(new String[] {"", "3"});
        TablePreprocessing table =
                TablePreprocessing.fit(List.of("one", "x"), rows, others, Set.of(), Set.of(), said::add);
        assertThat(table.names()).containsExactly("x");
        assertThat(said).containsExactly("the column 'one' has one value in the training rows and is left out");
    }

    @Test
    void savedColumnsOfOneNumberStayAsTheyAre() {
        TablePreprocessing saved = TablePreprocessing.of(Map.of("columns", "numbers\tx\t1000.0\t1.0\t1\t1000.0"));
        assertThat(saved.encode("2000").numbers()).containsExactly(1000, 0);
    }

    @Test
    void cellsThatDoNotFitAreOneLine() {
        TablePreprocessing table = fitted("code");
        for (String cell : List.of("NaN", "Infinity", "1e999", "0x10", "twelve")) {
            assertThatThrownBy(() -> table.encode(with("age", cell)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the column 'age' must have finite numbers, found '" + cell
                            + "'; correct the cell, or leave it empty");
        }
        assertThatThrownBy(() -> table.encode(with("age", null)))
                .hasMessage("the column 'age' must have a number, found an empty cell, and training had none; fill it");
        assertThatThrownBy(() -> table.encode(Map.of("age", 1)))
                .hasMessageStartingWith("the row must have the columns ")
                .hasMessageEndingWith("'job', 'code'; add them");
        assertThatThrownBy(() -> TablePreprocessing.of(Map.of("columns", "numbers\tx")))
                .hasMessage("the model's metadata on its columns is malformed; export it again");
        assertThatThrownBy(() -> fitted("jib")).hasMessageContaining("no column 'jib'; nearest: job");
    }

    @Test
    void emptyNumbersAreAColumnOfTheirOwnIfTrainingHadThem() {
        TablePreprocessing table = TablePreprocessing.fit(
                List.of("x"),
                List.of(new String[] {"1"}, new String[] {""}, new String[] {"3"}),
                Set.of(),
                Set.of(),
                line -> {});
        assertThat(table.encode("").numbers()).endsWith(1);
        assertThat(table.encode("").numbers()[0]).isZero();
        assertThat(table.encode("3").numbers()).endsWith(0);
    }

    /** Whether an empty cell falls into the training rows depends on the seed. */
    @Test
    void emptyCellsOfOtherRowsAreTakenToo() {
        List<String> lines = new ArrayList<>();
        List<String[]> rows = List.of(
                new String[] {"1", "2026-01-31", "a", "1"},
                new String[] {"3", "2026-02-28", "b", "2"},
                new String[] {"5", "2026-03-31", "a", ""});
        List<String[]> others =
                List.of(new String[] {"", "2026-04-30", "", ""}, new String[] {"?", "?", "a", "4"}, new String[] {
                    "900", null, "b", "3"
                });
        TablePreprocessing table = TablePreprocessing.fit(
                List.of("x", "when", "word", "y"), rows, others, Set.of(), Set.of("?"), lines::add);
        assertThat(lines)
                .containsExactly(
                        "the column 'x' has empty cells outside of the training rows only: 2; training says nothing "
                                + "about them, and they count as the mean",
                        "the column 'when' has empty cells outside of the training rows only: 1; training says nothing "
                                + "about them, and they count as the mean",
                        "the column 'when' has dates: days, month, day of the week");
        // They are the mean; an input that says that they are empty would have an untrained weight.
        assertThat(table.encode("", "", "", "").numbers()).startsWith(0, 1, 0).hasSize(3 + 3 + 3);
        assertThat(table.encode("", "", "a", "1").ids())
                .isEqualTo(table.encode("3", "2026-03-01", "a", "1").ids());
        assertThat(TablePreprocessing.of(table.toMetadata())).isEqualTo(table);
    }

    private static TablePreprocessing dated(List<String> lines, String... cells) {
        List<String[]> rows =
                Arrays.stream(cells).map(cell -> new String[] {cell}).toList();
        return TablePreprocessing.fit(List.of("when"), rows, Set.of(), Set.of(), lines::add);
    }

    @Test
    void datesBecomeDaysMonthsAndWeekdays() {
        List<String> lines = new ArrayList<>();
        // The epoch was a Thursday; January has 31 days.
        TablePreprocessing table = dated(lines, "1970-01-01", "1970-02-01", "");
        assertThat(lines).containsExactly("the column 'when' has dates: days, month, day of the week");
        assertThat(table.describe()).isEqualTo("a table: numbers none; words none; dates when");
        assertThat(table.categories()).isEqualTo(2);
        assertThat(table.ids()).isEqualTo(13 + 8);
        TablePreprocessing.Encoded row = table.encode("1970-02-01");
        assertThat(row.numbers()).containsExactly(1, 1, 0); // standardized, between the quantiles 0 and 31, not empty
        assertThat(row.ids()).containsExactly(2, 13 + 7);
        assertThat(table.encode("").numbers()).containsExactly(0, 0.5f, 1);
        assertThat(table.encode("").ids()).containsExactly(0, 13);
        assertThat(table.encode(Map.of("when", LocalDate.EPOCH)).ids()).containsExactly(1, 13 + 4);
        assertThat(TablePreprocessing.of(table.toMetadata())).isEqualTo(table);
    }

    @Test
    void timesBecomeHoursAndOffsetsAreConverted() {
        TablePreprocessing table = dated(new ArrayList<>(), "1970-01-01T06:00", "1970-01-03 18:30:00.5");
        assertThat(table.categories()).isEqualTo(3);
        assertThat(TablePreprocessing.of(table.toMetadata())).isEqualTo(table);
        assertThat(table.encode("1970-01-01T06:00:00Z").ids()).containsExactly(1, 13 + 4, 21 + 7);
        TablePreprocessing.Encoded abroad = table.encode("1970-01-02T01:00+02:00");
        TablePreprocessing.Encoded utc = table.encode("1970-01-01 23:00");
        assertThat(abroad.ids()).containsExactly(utc.ids());
        assertThat(abroad.numbers()).containsExactly(utc.numbers());
        // PostgreSQL and DuckDB write whole hours so.
        assertThat(table.encode("1970-01-02 01:00:00+02").numbers()).containsExactly(utc.numbers());
    }

    /** Ids of parts that training did not have are those of untrained rows. */
    @Test
    void partsOfDatesThatTrainingDidNotHaveAreSaid() {
        TablePreprocessing table =
                TablePreprocessing.of(dated(new ArrayList<>(), "2026-01-05T06:00", "2026-02-03T18:00", "")
                        .toMetadata());
        assertThat(table.unknown(List.of(new String[] {"2026-01-06T18:30"}, new String[] {""})))
                .isEmpty();
        assertThat(table.unknown(List.of(
                        new String[] {"2026-01-07T06:00"}, new String[] {"2026-03-02 07:00"}, new String[] {""})))
                .containsExactly(
                        "the column 'when' has 1 of 3 cells with a month that training did not have, such as "
                                + "'2026-03-02 07:00'; the model has learned nothing about it",
                        "the column 'when' has 1 of 3 cells with a day of the week that training did not have, such as "
                                + "'2026-01-07T06:00'; the model has learned nothing about it",
                        "the column 'when' has 1 of 3 cells with an hour that training did not have, such as "
                                + "'2026-03-02 07:00'; the model has learned nothing about it");
        TablePreprocessing days = dated(new ArrayList<>(), "2026-01-05", "2026-02-03");
        assertThat(days.unknown(List.<String[]>of(new String[] {"2026-01-06T18:30"})))
                .isEmpty();
    }

    /** They do not say which parts training had, and have an input for empty cells outside of the training rows. */
    @Test
    void savedDatesOfEarlierVersionsStayAsTheyAre() {
        TablePreprocessing saved = TablePreprocessing.of(Map.of("columns", "dates\t1\twhen\t15.5\t15.5\t1\t0.0\t31.0"));
        assertThat(saved.encode("").numbers()).containsExactly(0, 0.5f, 1);
        assertThat(saved.encode("").ids()).containsExactly(0, 13, 21);
        assertThat(saved.encode("1970-02-01").ids()).containsExactly(2, 13 + 7, 21 + 1);
        assertThat(saved.unknown(List.<String[]>of(new String[] {"2026-01-06T18:30"})))
                .isEmpty();
        assertThat(saved.toMetadata()).containsEntry("columns", "dates\t1\twhen\t15.5\t15.5\t1\t0.0\t31.0");
        assertThatThrownBy(() -> TablePreprocessing.of(Map.of("columns", "dates\t1 1\twhen\t15.5\t15.5\t1\t0.0\t31.0")))
                .hasMessageContaining("malformed");
    }

    @Test
    void cellsThatAreNoDatesAreRefused() {
        TablePreprocessing table = dated(new ArrayList<>(), "2026-01-31", "2026-02-28");
        for (String cell : List.of("2026-02-30", "31.01.2026", "20260131", "2026-01-31T25:00")) {
            assertThatThrownBy(() -> table.encode(cell))
                    .hasMessage("the column 'when' must have dates such as 2026-01-31 or 2026-01-31T18:30, found '"
                            + cell + "'; correct the cell, or leave it empty");
        }
        assertThatThrownBy(() -> table.encode("")).hasMessageContaining("must have a date, found an empty cell");
        assertThatThrownBy(() -> dated(new ArrayList<>(), "2026-01-31", "2026-02-28", "2026-03-31", "soon"))
                .hasMessageStartingWith("the column 'when' has 1 cells of 4 that are no dates, such as 'soon'; ");
    }

    @Test
    void datesOfAnotherFormAreSaid() {
        List<String> lines = new ArrayList<>();
        assertThat(dated(lines, "", "1/2/2026", "3/4/2026 10:00").ids()).isEqualTo(4);
        assertThat(lines)
                .containsExactly(
                        "the column 'when' is read as words; dates must be written as 2026-01-31, found '1/2/2026'");
        lines.clear();
        TablePreprocessing.fit(
                List.of("when", "n"),
                List.of(new String[] {"", "1"}, new String[] {"", "2"}),
                Set.of(),
                Set.of(),
                lines::add);
        assertThat(lines).containsExactly("the column 'when' has one value in the training rows and is left out");
    }

    @Test
    void numbersOfAnotherFormAreSaid() {
        for (String cell : List.of("1,5", "-1.234,50", "1,234.50", "1,234")) {
            List<String> lines = new ArrayList<>();
            dated(lines, "", cell, "2,5", "7");
            assertThat(lines)
                    .containsExactly("the column 'when' is read as words; numbers must be written as 1234.5, found '"
                            + cell + "'");
        }
        List<String> lines = new ArrayList<>();
        dated(lines, "1,5 l", "2,5");
        dated(lines, "10.0.0.1", "10.0.0.2");
        assertThat(lines).isEmpty();
    }

    @Test
    void wholeNumbersThatAreEqualAsFloat64AreSaid() {
        List<String> lines = new ArrayList<>();
        dated(lines, "9007199254740991", "9007199254740990", "12");
        assertThat(lines).isEmpty();
        dated(lines, "9007199254740993", "12", "9007199254740992");
        assertThat(lines)
                .containsExactly("the column 'when' has whole numbers that are equal as float64, such as "
                        + "9007199254740993 and 9007199254740992; name it in --categorical or --ignore-columns");
    }
}
