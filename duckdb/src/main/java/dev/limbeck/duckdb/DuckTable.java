package dev.limbeck.duckdb;

import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.Printable;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.io.IoErrors;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Read the rows of a query into cells, as a CSV file of them would have them. DuckDB opens no other files, installs and loads no
 * extensions, writes nothing, and uses one thread, so that rows keep their order.
 */
final class DuckTable {
    private static final Set<String> PLAIN = Set.of(
            "BOOLEAN",
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "HUGEINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "UHUGEINT",
            "VARCHAR",
            "UUID",
            "NULL");

    private static final String STREAM = "jdbc_stream_results";
    private static final String HIDDEN = "Invalid result set";

    private DuckTable() {}

    /** Return the settings of a connection that may not reach beyond its database. */
    static Properties settings() {
        Properties settings = new Properties();
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        settings.setProperty("allow_community_extensions", "false");
        settings.setProperty("temp_directory", "");
        settings.setProperty("threads", "1");
        settings.setProperty(STREAM, "true");
        return settings;
    }

    /**
     * Run a query.
     *
     * @param file for messages
     * @param database to open read-only; empty for none
     * @param allowed the only other file that may be read; null for none
     * @throws LimbeckException in one line
     */
    static RowTable read(Path file, String database, @Nullable Path allowed, String query, Consumer<String> log) {
        Query asked = new Query(file, database, allowed, query);
        try {
            return asked.run(settings(), log);
        } catch (SQLException e) {
            String line = asked.reason(e).strip().split("\n", 2)[0];
            throw new LimbeckException(
                    file + ": DuckDB cannot read it (" + Printable.quote(line) + "); "
                            + (database.isEmpty() ? "copy or save it again" : "correct the query"),
                    e);
        } catch (LinkageError e) {
            throw unloadable(file, e);
        }
    }

    static LimbeckException unloadable(Path file, LinkageError e) {
        return new LimbeckException(
                file + ": DuckDB's library cannot be loaded on this system ("
                        + Printable.quote(String.valueOf(e.getMessage())) + "); save the rows in another way",
                e);
    }

    /**
     * Open a connection that reads one file at most.
     *
     * @param database to open read-only; empty for none
     * @param allowed the only other file that may be read; null for none
     */
    static Connection connect(String database, @Nullable Path allowed, Properties settings) throws SQLException {
        if (!database.isEmpty()) settings.setProperty("duckdb.read_only", "true");
        Connection connection = DriverManager.getConnection("jdbc:duckdb:" + database, settings);
        try (Statement statement = connection.createStatement()) {
            if (allowed != null) statement.execute("set allowed_paths=[" + quoted(allowed) + "]");
            statement.execute("set enable_external_access=false");
            statement.execute("set lock_configuration=true");
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Hold what {@link #read} is asked for. */
    private record Query(
            Path file, String database, @Nullable Path allowed, String text) {
        RowTable run(Properties settings, Consumer<String> log) throws SQLException {
            try (ExitGate inside = ExitGate.enter();
                    Connection connection = connect(database, allowed, settings);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(text)) {
                return table(file, rows, log);
            }
        }

        /** Return why it failed. The driver hides that for rows that it streams, and tells it where it computes all rows first. */
        String reason(SQLException failure) {
            String hidden = String.valueOf(failure.getMessage());
            if (!hidden.contains(HIDDEN)) return hidden;
            Properties settings = settings();
            settings.remove(STREAM);
            try {
                run(settings, line -> {});
                return hidden;
            } catch (SQLException e) {
                return String.valueOf(e.getMessage());
            }
        }
    }

    static String quoted(Path file) {
        return "'" + file.toAbsolutePath().toString().replace("'", "''") + "'";
    }

    private static RowTable table(Path file, ResultSet rows, Consumer<String> log) throws SQLException {
        ResultSetMetaData about = rows.getMetaData();
        int columns = about.getColumnCount();
        List<String> header = new ArrayList<>();
        List<Cell> cells = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
            String name = about.getColumnLabel(i);
            header.add(name.strip());
            cells.add(cell(file, name, about.getColumnTypeName(i), log));
        }
        if (header.contains("") || new HashSet<>(header).size() < columns) {
            throw IoErrors.in(
                    file,
                    "must name each column once, found " + Printable.quote(header.toString()) + "; rename the others");
        }
        long most = Limit.TABLE_CELLS.value() / columns;
        List<String[]> all = new ArrayList<>();
        while (rows.next()) {
            if (all.size() >= most) {
                throw IoErrors.in(
                        file,
                        "must have at most " + Limit.TABLE_CELLS.value() + " cells; " + Limit.TABLE_CELLS.advice());
            }
            String[] row = new String[columns];
            for (int i = 0; i < columns; i++)
                row[i] = cells.get(i).read(rows, i + 1).strip();
            all.add(row);
        }
        return new RowTable(file, List.copyOf(header), all);
    }

    /** Read a cell of one type. */
    private interface Cell {
        String read(ResultSet rows, int column) throws SQLException;
    }

    private static Cell cell(Path file, String name, String type, Consumer<String> log) {
        String plain = type.toUpperCase(Locale.ROOT).replaceFirst("\\(.*", "");
        String shown = file.getFileName() + ": the column '" + Printable.quote(name) + "' ";
        if (type.endsWith("]")) throw nested(shown, type);
        if (PLAIN.contains(plain)) return DuckTable::text;
        return switch (plain) {
            case "FLOAT" -> (rows, i) -> number(rows.getFloat(i), rows, Float.toString(rows.getFloat(i)));
            case "DOUBLE" -> (rows, i) -> number(rows.getDouble(i), rows, Double.toString(rows.getDouble(i)));
            case "DECIMAL" ->
                (rows, i) -> {
                    BigDecimal value = rows.getBigDecimal(i);
                    return value == null ? "" : value.toPlainString();
                };
            case "ENUM" -> DuckTable::text;
            case "DATE" -> DuckTable::text;
            case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS" ->
                (rows, i) -> moment(rows.getObject(i, LocalDateTime.class));
            case "TIMESTAMP WITH TIME ZONE" -> {
                log.accept(shown + "has times with time zones; they are converted to UTC");
                yield (rows, i) -> {
                    OffsetDateTime value = rows.getObject(i, OffsetDateTime.class);
                    return value == null
                            ? ""
                            : moment(value.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime());
                };
            }
            case "TIME" -> {
                log.accept(shown + "has times of day; they are seconds since midnight");
                yield (rows, i) -> rows.getObject(i) instanceof LocalTime time ? "" + time.toNanoOfDay() / 1e9 : "";
            }
            default -> throw nested(shown, type);
        };
    }

    private static LimbeckException nested(String shown, String type) {
        return new LimbeckException(shown + "must have numbers, texts, booleans or dates, found "
                + Printable.quote(type) + "; leave it out or flatten it with a query (.sql)");
    }

    private static String text(ResultSet rows, int column) throws SQLException {
        Object value = rows.getObject(column);
        return value == null ? "" : value.toString();
    }

    private static String number(double value, ResultSet rows, String shortest) throws SQLException {
        return rows.wasNull() ? "" : RowTable.number(value, shortest);
    }

    private static String moment(@Nullable LocalDateTime value) {
        return value == null ? "" : value.toString();
    }
}
