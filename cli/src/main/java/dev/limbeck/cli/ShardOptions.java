package dev.limbeck.cli;

import dev.limbeck.compare.ShardResult;
import dev.limbeck.data.Shard;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the option that divides independent runs among several programs. */
final class ShardOptions {
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

    @Option(names = "--shard", paramLabel = "I/N", description = "Part I of N of the runs; without it, gather")
    @Nullable
    String shard;

    /** Return the shard to run; empty to run what is missing and write the result. */
    Optional<Shard> shard() {
        if (shard == null) return Optional.empty();
        Matcher form = FORM.matcher(shard.strip());
        int index = form.matches() ? Integer.parseInt(form.group(1)) : 0;
        int count = form.matches() ? Integer.parseInt(form.group(2)) : 0;
        if (index >= count) {
            throw new WrongOption(
                    "--shard must be I/N with I from 0 to N-1, such as 0/4 to 3/4, found '" + shard + "'");
        }
        return Optional.of(new Shard(index, count));
    }

    /** Print what a shard has run, and what is left to do. */
    static ShardResult show(LimbeckCommand to, ShardResult result) {
        to.say(Texts.format(
                "shard %s, %s: %,d runs are finished, %,d of other shards are not",
                result.shard(),
                result.stage(),
                result.runs().size(),
                result.missing().size()));
        to.say(
                result.more()
                        ? "start this shard again when the others are finished: the next runs depend on them"
                        : "the same command without --shard writes the result");
        return result;
    }
}
