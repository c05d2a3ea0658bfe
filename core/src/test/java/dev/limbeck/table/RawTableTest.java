package dev.limbeck.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.table.RawTable.Column;
import dev.limbeck.table.RawTable.Input;
import dev.limbeck.table.RawTable.Type;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RawTableTest {
    private static final Input AGE = new Input("age", Type.NUMBER, 1);
    private static final Input JOB = new Input("job_title", Type.TEXT, 1);
    private static final Input MATRIX = new Input("X", Type.NUMBER, 2);

    private static RawTable table(Input... inputs) {
        return new RawTable(List.of(inputs), List.of());
    }

    private static List<String> names(RawTable table, String... header) {
        return table.columns(List.of(header)).stream()
                .flatMap(List::stream)
                .map(Column::name)
                .toList();
    }

    @Test
    void findsColumnsByNameByOrderOrAll() {
        assertThat(names(table(AGE, JOB), "Job Title", "other", "age")).containsExactly("age", "Job Title");
        assertThat(names(table(MATRIX), "b", "a")).containsExactly("b", "a");
        assertThat(names(table(new Input("X", Type.NUMBER, RawTable.ANY)), "b", "a", "c"))
                .containsExactly("b", "a", "c");
        RawTable ordered = table(MATRIX, JOB).with(Map.of(RawTable.ORDER, "c\ta\tb"));
        assertThat(ordered.columns(List.of("a", "b", "c")))
                .containsExactly(
                        List.of(new Column("c", Type.NUMBER), new Column("a", Type.NUMBER)),
                        List.of(new Column("b", Type.TEXT)));
    }

    @Test
    void metadataReadBackAreEqual() {
        for (RawTable one : List.of(table(AGE, JOB), new RawTable(List.of(MATRIX), List.of("a b", "c")))) {
            assertThat(RawTable.of(one.toMetadata())).isEqualTo(one);
        }
        assertThatThrownBy(() -> RawTable.of(Map.of("raw_inputs", "a\tb")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("the description of the model's inputs is malformed; open its file again");
    }

    @Test
    void whatCannotBeToldIsRefused() {
        refused(table(AGE, JOB), "found no column for job_title (1 column) among 'age', 'b'", "age", "b");
        refused(table(AGE, JOB), "found no column for age (1 column)", "job-title", "job title");
        refused(table(MATRIX), "the model takes X (2 columns), found 3 columns, 'a', 'b', 'c'", "a", "b", "c");
        refused(table(MATRIX).with(Map.of(RawTable.ORDER, "a\tz")), "no column 'z'; nearest: b, a", "a", "b");
        refused(table(MATRIX).with(Map.of(RawTable.ORDER, "a\ta")), "must differ, found 'a', 'a'", "a", "b");
        refused(table(MATRIX, JOB), "found no column for X (2 columns), job_title (1 column)", "a", "b", "c");
    }

    private static void refused(RawTable table, String message, String... header) {
        assertThatThrownBy(() -> table.columns(List.of(header)))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message);
    }

    @Test
    void wordsThatJavaReadsAsNumbersAreNone() {
        for (String word : List.of("12D", "7f", "0x1p3", "NaN", "Infinity", " 5")) {
            assertThatThrownBy(() -> RawTable.number(new Column("age", Type.NUMBER), word))
                    .hasMessageStartingWith("the model takes numbers for 'age', found '");
            assertThatThrownBy(() -> RawTable.wide(new Column("age", Type.DOUBLE), word))
                    .hasMessageStartingWith("the model takes numbers for 'age', found '");
            assertThatThrownBy(() -> RawTable.integer(new Column("age", Type.INTEGER), word))
                    .hasMessageStartingWith("the model takes whole numbers for 'age', found '");
        }
    }

    @Test
    void cellsAreNumbersOrRefused() {
        Column age = new Column("age", Type.NUMBER);
        assertThat(RawTable.number(age, "1e3")).isEqualTo(1000);
        assertThat(RawTable.number(age, "")).isNaN();
        assertThat(RawTable.integer(age, "38.0")).isEqualTo(38);
        assertThatThrownBy(() -> RawTable.number(age, "1e99")).hasMessageContaining("takes numbers for 'age'");
        assertThat(RawTable.wide(age, "1e99")).isEqualTo(1e99);
        assertThat(RawTable.wide(age, "")).isNaN();
        assertThatThrownBy(() -> RawTable.wide(age, "1e999")).hasMessageContaining("takes numbers for 'age'");
        assertThatThrownBy(() -> RawTable.wide(age, "old")).hasMessageContaining("takes numbers for 'age'");
        assertThatThrownBy(() -> RawTable.integer(age, "")).hasMessageContaining("takes whole numbers for 'age'");
        assertThatThrownBy(() -> RawTable.integer(age, "1.5")).hasMessageContaining("found '1.5'");
    }
}
