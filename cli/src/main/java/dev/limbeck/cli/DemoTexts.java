package dev.limbeck.cli;

import dev.limbeck.data.Draws;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Generate requests to the help desk of a made-up Internet provider, with twelve intents in four groups of three.
 *
 * <p>A text is one of its intent's phrases, often with words around it: a greeting, a sentence on another matter, a closing. The
 * three intents of a group talk of the same things, with the same nouns ({@code parcel}, {@code box}, …); the rest of the phrase
 * tells them apart. Of {@value #VAGUE} % of the texts, the phrase is one that all three intents of the group use, so the best
 * possible accuracy is 1 − {@value #VAGUE} % · 2/3 = 92 %. In up to {@value #TYPOS} % of the texts, two neighboring letters are swapped.
 * Each intent has the same number of rows, up to one.
 *
 * @param train number of training rows
 * @param test number of test rows
 * @param labels rows of each intent that keep their label for students
 */
record DemoTexts(int train, int test, int labels) implements DemoRows {
    private static final Form FORM =
            new Form("help-desk", "texts", "text_column: text, label_columns: [intent]", "text,intent", 64, false);

    /** Texts out of a hundred whose phrase fits all intents of the group. */
    static final int VAGUE = 12;

    private static final int TYPOS = 20;
    private static final int GREETED = 50;
    private static final int ASIDES = 60;
    private static final int CLOSED = 50;
    private static final int SIZE_OF_GROUP = 3;
    private static final int NUMBERS = 100_000;
    private static final Pattern WORD = Pattern.compile("\\w+");
    private static final List<String> INTENTS = List.copyOf(DemoPhrases.OF_INTENTS.keySet());

    /** Return the settings of {@code limbeck demo --kind text}. */
    static Demo.Settings full() {
        return settings(new DemoTexts(4000, 2000, 20), 7, 10);
    }

    /** Return the settings of {@code limbeck demo --kind text --quick}. */
    static Demo.Settings quick() {
        return settings(new DemoTexts(2400, 1000, 20), 6, 8);
    }

    private static Demo.Settings settings(DemoTexts data, int teacherEpochs, int studentEpochs) {
        return new Demo.Settings(
                data, Zoo.byName("bag"), Zoo.byName("bag-16"), teacherEpochs, studentEpochs, 1e-2, 1e-2, 2, 0.9);
    }

    @Override
    public Form form() {
        return FORM;
    }

    /** {@inheritDoc} Intents take turns. */
    @Override
    public String row(int index, Draws draws) {
        int turn = index % INTENTS.size();
        String intent = INTENTS.get(turn);
        int group = turn / SIZE_OF_GROUP;
        boolean vague = happens(VAGUE, draws);
        String phrase = one(vague ? DemoPhrases.VAGUE.get(group) : DemoPhrases.OF_INTENTS.get(intent), draws);
        List<String> sentences = new ArrayList<>(List.of(varied(filled(phrase, group, draws), draws)));
        if (happens(ASIDES, draws)) {
            String aside = filled(one(DemoPhrases.ASIDES, draws), draws.nextInt(DemoPhrases.THINGS.size()), draws);
            sentences.add(draws.nextInt(2), aside);
        }
        if (happens(CLOSED, draws)) sentences.add(one(DemoPhrases.CLOSINGS, draws));
        String text = sentences.stream()
                .map(sentence -> sentence.endsWith("?") ? sentence : sentence + ".")
                .collect(Collectors.joining(" "));
        if (happens(GREETED, draws)) text = one(DemoPhrases.GREETINGS, draws) + ", " + text;
        return '"' + (happens(TYPOS, draws) ? swapped(text, draws) : text) + "\"," + intent;
    }

    private static String filled(String phrase, int group, Draws draws) {
        return phrase.replace("@", one(DemoPhrases.THINGS.get(group), draws))
                .replace("#", Texts.format("%05d", draws.nextInt(NUMBERS)));
    }

    private static String varied(String phrase, Draws draws) {
        return WORD.matcher(phrase)
                .replaceAll(word -> one(DemoPhrases.SYNONYMS.getOrDefault(word.group(), List.of(word.group())), draws));
    }

    private static String one(List<String> all, Draws draws) {
        return all.get(draws.nextInt(all.size()));
    }

    private static boolean happens(int percent, Draws draws) {
        return draws.nextInt(100) < percent;
    }

    /** Swap two neighboring letters, unless the drawn place has other characters. */
    private static String swapped(String text, Draws draws) {
        int at = draws.nextInt(text.length() - 1);
        char first = text.charAt(at);
        char second = text.charAt(at + 1);
        if (!Character.isLetter(first) || !Character.isLetter(second)) return text;
        return text.substring(0, at) + second + first + text.substring(at + 2);
    }
}
