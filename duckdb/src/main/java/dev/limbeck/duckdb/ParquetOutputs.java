package dev.limbeck.duckdb;

import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.distill.cache.OutputReader;
import dev.limbeck.distill.cache.ParquetForm;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Read cached outputs from Parquet files, in their order. */
public final class ParquetOutputs implements OutputReader {
    private static final String COLUMNS = String.join(", ", ParquetForm.KEY, ParquetForm.OUTPUT, ParquetForm.SUM);

    @Override
    public String ending() {
        return "parquet";
    }

    @Override
    public void read(Path file, Sink rows) {
        String query = "select " + COLUMNS + " from " + ParquetReader.table(file);
        try (ExitGate inside = ExitGate.enter();
                Connection connection = DuckTable.connect("", file, DuckTable.settings());
                Statement statement = connection.createStatement();
                ResultSet all = statement.executeQuery(query)) {
            while (all.next()) {
                byte[] key = all.getBytes(1);
                byte[] output = all.getBytes(2);
                int sum = all.getInt(3);
                if (key == null || output == null || all.wasNull()) {
                    throw new LimbeckException(
                            file + " must have a key, an output and a checksum in each row; label the rows again");
                }
                rows.row(key, output, sum);
            }
        } catch (SQLException e) {
            throw new LimbeckException(
                    file + ": DuckDB cannot read it ("
                            + Printable.quote(
                                    String.valueOf(e.getMessage()).strip().split("\n", 2)[0])
                            + "); copy it again, or label the rows again",
                    e);
        } catch (LinkageError e) {
            throw DuckTable.unloadable(file, e);
        }
    }
}
