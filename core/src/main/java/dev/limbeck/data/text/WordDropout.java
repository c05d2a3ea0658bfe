package dev.limbeck.data.text;

import dev.limbeck.Settings;
import dev.limbeck.data.Draws;
import dev.limbeck.data.rows.RowAugmentation;
import java.util.Arrays;
import java.util.List;

/**
 * Leave words out of a text at random, but never all (Iyyer et al. 2015, "Deep Unordered Composition Rivals Syntactic Methods for Text
 * Classification"). Words are what whitespace separates.
 *
 * @param probability of leaving a word out, in [0, 1)
 */
public record WordDropout(double probability) implements RowAugmentation {
    public WordDropout {
        Settings.inHalfOpenUnit("word dropout", probability);
    }

    @Override
    public String[] change(Draws draws, String... cells) {
        return Arrays.stream(cells).map(text -> text(draws, text)).toArray(String[]::new);
    }

    private String text(Draws draws, String text) {
        String[] words = text.strip().split("\\s+");
        List<String> kept = Arrays.stream(words)
                .filter(word -> draws.nextDouble() >= probability)
                .toList();
        return kept.isEmpty() ? words[draws.nextInt(words.length)] : String.join(" ", kept);
    }
}
