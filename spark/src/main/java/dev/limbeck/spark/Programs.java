package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;

/** Run the main classes: options, errors in one line, exit codes 0, 1 and 2. */
final class Programs {
    private Programs() {}

    static SparkSession session(String name) {
        return SparkSession.builder().appName(name).getOrCreate();
    }

    /** Open a session with a value for a setting that the person has not set. */
    static SparkSession session(String name, String key, String value) {
        SparkSession.Builder builder = SparkSession.builder().appName(name);
        // spark-submit passes settings as system properties.
        return (System.getProperty(key) == null ? builder.config(key, value) : builder).getOrCreate();
    }

    static void run(Callable<Integer> program, String... args) {
        int code = code(program, args);
        // spark-submit reports success where main returns; Spark's threads need no waiting then.
        if (code != 0) System.exit(code);
    }

    static CommandLine line(Callable<Integer> program) {
        // The options behind a command are its own.
        return new CommandLine(program).setStopAtPositional(true);
    }

    static int code(Callable<Integer> program, String... args) {
        CommandLine line = line(program);
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            LimbeckException error =
                    failure instanceof LimbeckException ours ? ours : SparkErrors.inOneLine("it failed", failure);
            System.err.println("limbeck: " + Printable.line(error.getMessage()));
            return 1;
        });
        line.setParameterExceptionHandler((failure, arguments) -> {
            System.err.println("limbeck: " + Printable.line(failure.getMessage()) + "; see --help");
            return 2;
        });
        return line.execute(args);
    }
}
