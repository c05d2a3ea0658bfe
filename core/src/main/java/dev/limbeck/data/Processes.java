package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import java.util.Arrays;
import java.util.List;

/**
 * Divide work on the same rows among several processes, and exchange the results. Every process calls the same methods in the same
 * order. One process alone exchanges nothing.
 */
public interface Processes {
    /** Work in one process. */
    Processes ONE = new Processes() {};

    /** Characters shown on both sides of a difference. */
    int SHOWN = 30;

    /** Return which part of the work this process takes. */
    default Shard shard() {
        return Shard.ALL;
    }

    /** Return the texts of all processes, in order. */
    default List<String> gather(String text) {
        return List.of(text);
    }

    /** Return the sums of values, such as losses and numbers of rows, over the processes. */
    default double[] sum(double... values) {
        return values;
    }

    /**
     * Require that a text is the same in all processes.
     *
     * @param what name of the text, such as {@code recipe}
     * @throws LimbeckException in all processes, if it differs in one
     */
    default void agree(String what, String text) {
        List<String> all = gather(text);
        for (int i = 1; i < all.size(); i++) {
            if (all.get(i).equals(all.get(0))) continue;
            int at = Arrays.mismatch(all.get(0).toCharArray(), all.get(i).toCharArray());
            throw new LimbeckException("processes 0 and " + i + " must have the same " + what + ", found "
                    + excerpt(all.get(0), at) + " and " + excerpt(all.get(i), at)
                    + "; start all of them with the same files and options");
        }
    }

    private static String excerpt(String text, int at) {
        return "'" + text.substring(Math.max(0, at - SHOWN), Math.min(text.length(), at + SHOWN)) + "'";
    }
}
