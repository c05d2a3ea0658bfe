import dev.limbeck.data.SampleKey;
import dev.limbeck.distill.cache.DiskStore;
import dev.limbeck.distill.cache.ParquetForm;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Write made-up outputs in the form of Label: SyntheticLabels FOLDER ROWS BYTES FILES. */
public final class SyntheticLabels {
    static SampleKey key(long row) {
        SplittableRandom random = new SplittableRandom(row);
        return new SampleKey(random.nextLong(), random.nextLong());
    }

    public static void main(String[] a) {
        long rows = Long.parseLong(a[1]);
        int bytes = Integer.parseInt(a[2]);
        int files = Integer.parseInt(a[3]);
        new DiskStore(Path.of(a[0]), Map.of("made", "up"), bytes, System.out::println).close();
        StructType schema = new StructType()
                .add(ParquetForm.KEY, DataTypes.BinaryType)
                .add(ParquetForm.OUTPUT, DataTypes.BinaryType)
                .add(ParquetForm.SUM, DataTypes.IntegerType);
        MapPartitionsFunction<Long, Row> make = numbers -> new Iterator<>() {
            @Override
            public boolean hasNext() {
                return numbers.hasNext();
            }

            @Override
            public Row next() {
                long row = numbers.next();
                byte[] key = ParquetForm.key(key(row));
                byte[] output = new byte[bytes];
                new SplittableRandom(~row).nextBytes(output);
                return RowFactory.create(key, output, ParquetForm.sum(key, output));
            }
        };
        SparkSession spark = SparkSession.builder().master("local[2]").config("spark.ui.enabled", "false").getOrCreate();
        spark.range(0, rows, 1, 2 * files)
                .mapPartitions(make, Encoders.row(schema))
                .repartitionByRange(files, functions.col(ParquetForm.KEY))
                .sortWithinPartitions(ParquetForm.KEY)
                .write()
                .parquet(a[0] + "/" + ParquetForm.FOLDER);
        spark.stop();
    }
}
