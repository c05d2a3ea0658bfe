package dev.limbeck.train;

import com.fasterxml.jackson.annotation.JsonAlias;
import java.util.Map;

/**
 * Hold one row of the epoch table.
 *
 * @param epoch from 0
 * @param trainLoss mean total loss over the epoch's batches
 * @param terms mean unweighted value of each loss term over the epoch's batches
 * @param validLoss task loss of the validation split, NaN if there is none
 * @param metrics metrics of the validation split by name
 * @param notes values that callbacks logged, such as the agreement with a teacher
 * @param lr learning rate of the last step
 * @param steps optimizer steps taken in this epoch
 * @param seconds wall time of the whole epoch
 * @param trainRowsPerSecond training throughput, in rows per second
 */
public record EpochRecord(
        int epoch,
        double trainLoss,
        Map<String, Double> terms,
        double validLoss,
        Map<String, Double> metrics,
        Map<String, Double> notes,
        double lr,
        int steps,
        double seconds,
        @JsonAlias("trainImagesPerSecond") double trainRowsPerSecond) {}
