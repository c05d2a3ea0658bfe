package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import scala.reflect.ClassTag$;

/**
 * Start the processes of one training with Spark: {@code spark-submit --class dev.limbeck.spark.Launch limbeck-spark.jar --processes 2
 * distill …}. They are the tasks of a barrier stage, which run at the same time and are not repeated when one fails.
 */
@Command(
        name = "Launch",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        description = "Train one model by several processes, each a task of a Spark barrier stage.")
public final class Launch implements Callable<Integer> {
    private static final List<String> COMMANDS = List.of("train", "distill");
    /** How long Spark looks for free slots, where the person does not say it: its own default waits for ten minutes. */
    private static final String TRIES = "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures";

    private static final String MOST_TRIES = "3";

    /** Spark's mark of its message about slots. */
    private static final String TOO_FEW = "SPARK-24819";

    @Option(names = "--processes", paramLabel = "N", required = true, description = "Number of processes, at least 2")
    int processes;

    @Option(
            names = "--java-option",
            paramLabel = "FLAG",
            description = "Option of each process's Java, such as -Xmx8g; repeatable")
    List<String> javaOptions = new ArrayList<>();

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "train or distill, with options")
    List<String> command = new ArrayList<>();

    public static void main(String[] args) {
        Programs.run(new Launch(), args);
    }

    @Override
    public Integer call() {
        if (processes < 2) throw new LimbeckException("--processes must be at least 2, found " + processes);
        if (!COMMANDS.contains(command.get(0))) {
            throw new LimbeckException("several processes run train or distill, found " + command.get(0));
        }
        if (command.stream().anyMatch(word -> word.equals("--nproc") || word.startsWith("--nproc="))) {
            throw new LimbeckException("Spark starts the processes; leave --nproc out");
        }
        SparkSession spark = Programs.session("limbeck " + command.get(0), TRIES, MOST_TRIES);
        try {
            run(spark).forEach(System.out::println);
            return 0;
        } finally {
            spark.stop();
        }
    }

    /** Run the processes, and return what the first one printed. */
    List<String> run(SparkSession spark) {
        // Closing it would stop the session.
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        try {
            List<Integer> ranks = IntStream.range(0, processes).boxed().toList();
            return context.parallelize(ranks, processes)
                    .rdd()
                    .barrier()
                    .mapPartitions(
                            new ProcessTask(new ArrayList<>(command), new ArrayList<>(javaOptions)),
                            false,
                            ClassTag$.MODULE$.apply(String.class))
                    .toJavaRDD()
                    .collect();
        } catch (Exception e) {
            // Scala throws checked exceptions, too, and declares none.
            if (String.valueOf(e.getMessage()).contains(TOO_FEW)) {
                throw new LimbeckException(
                        processes
                                + " processes need as many free slots at the same time, found fewer; give Spark more cores or executors, or "
                                + "start fewer processes (--processes)",
                        e);
            }
            throw SparkErrors.inOneLine("the training failed", e);
        }
    }
}
