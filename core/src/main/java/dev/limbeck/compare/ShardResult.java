package dev.limbeck.compare;

import dev.limbeck.data.Shard;
import java.util.List;

/**
 * Hold what one of several programs has run that divide the runs of a comparison or sweep. The result is written by a program without a
 * shard.
 *
 * @param shard index and number of the shards, as {@code 0/4}
 * @param stage what the runs belong to, such as {@code round 1 of 3} of a sweep
 * @param runs run directories of this shard, finished or diverged
 * @param missing run directories of other shards that are not finished
 * @param more whether later runs depend on the missing ones, so this shard has to be started again when they are finished
 */
public record ShardResult(String shard, String stage, List<String> runs, List<String> missing, boolean more) {
    static ShardResult of(Shard shard, String stage, List<String> runs, List<String> missing, boolean more) {
        return new ShardResult(
                shard.index() + "/" + shard.count(), stage, List.copyOf(runs), List.copyOf(missing), more);
    }
}
