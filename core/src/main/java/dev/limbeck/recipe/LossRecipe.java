package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.NamedTarget;
import dev.limbeck.Task;
import dev.limbeck.distill.Adapter;
import dev.limbeck.distill.DistillationBuilder;
import dev.limbeck.distill.FeaturePair;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LossSetting;
import dev.limbeck.distill.loss.LossType;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.optim.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hold the name and the settings of a loss. */
public record LossRecipe(
        @Setting(help = "Name of a loss, see limbeck losses", required = true)
        String name,

        @Setting(
                help = "Temperature, for losses that have one",
                whenUnset = "their own",
                options = {"-T", "--temperature"})
        @Nullable
        Schedule temperature,

        @Setting(help = "Factor of the loss, besides the weight", atLeast = 0, whenUnset = "1") @Nullable
        Schedule scale,

        @Setting(help = "Further settings of the loss by name, such as alpha") @Nullable
        Map<String, Object> parameters,

        @Setting(help = "Layers of both networks, or student/teacher; auto finds them") @Nullable
        List<String> layers,

        @Setting(
                help = "Projection between features of different shapes",
                oneOfEnum = Adapter.class,
                whenUnset = "auto")
        @Nullable
        String adapter) {
    public LossRecipe {
        LossType kind = Losses.byName(name);
        if (temperature != null && kind.comparesFeatures() && !temperature.isConstant()) {
            throw new LimbeckException("the temperature of " + name + " can't change; give a number");
        }
        if (parameters != null) parameters = kind.checked(parameters);
        Map<String, Object> given = given(parameters, temperature);
        if (kind.comparesFeatures()) {
            FeatureLoss loss = kind.features(given);
            if (layers == null || layers.isEmpty()) kind.logits(given); // reports what is missing
            else pairs(loss, layers); // reports what does not go together
        } else {
            kind.logits(given);
            if (layers != null && !layers.isEmpty()) kind.features(given); // reports what is too much
            if (adapter != null)
                throw new LimbeckException("the loss " + name + " compares logits; leave the adapter out");
        }
    }

    private static Map<String, Object> given(@Nullable Map<String, Object> parameters, @Nullable Schedule temperature) {
        Map<String, Object> given = new LinkedHashMap<>();
        if (parameters != null) given.putAll(parameters);
        if (temperature != null) given.put(LossSetting.TEMPERATURE, temperature.first());
        return given;
    }

    /** Return the loss that is used for a task if none is set. */
    public static LossRecipe defaultFor(Task.Kind task) {
        List<String> layers = task == Task.Kind.EMBEDDING ? List.of(FeaturePair.EMBEDDING) : null;
        return new LossRecipe(Losses.defaultFor(task).name(), null, null, null, layers, null);
    }

    /** Return the loss as {@link #parse} reads it, without its temperature: what tells it from others of its name. */
    public String text() {
        List<String> parts = new ArrayList<>();
        if (layers != null && !layers.isEmpty()) parts.add(String.join("+", layers));
        if (parameters != null) parameters.forEach((key, value) -> parts.add(key + "=" + text(value)));
        if (scale != null) parts.add("scale=" + text(scale.value()));
        if (adapter != null) parts.add("adapter=" + adapter);
        return parts.isEmpty() ? name : name + ":" + String.join(",", parts);
    }

    /** Return the loss as {@link #parse} reads it. */
    String textWithTemperature() {
        String text = text();
        if (temperature == null) return text;
        return text + (text.equals(name) ? ":" : ",") + "T=" + text(temperature.value());
    }

    private static String text(Object value) {
        boolean isWhole = value instanceof Double number && number == (int) (double) number;
        return isWhole ? String.valueOf(((Double) value).intValue()) : String.valueOf(value);
    }

    /** Create a logit loss at its initial temperature. */
    LogitLoss logitLoss() {
        return Losses.byName(name).logits(given(parameters, temperature));
    }

    /** Return whether it compares layers inside both networks. */
    boolean isOfFeatures() {
        return Losses.byName(name).comparesFeatures();
    }

    /** Add the loss to a distillation. */
    void into(DistillationBuilder builder) {
        LossType kind = Losses.byName(name);
        Schedule factor = scale == null ? Schedule.constant(1) : scale;
        Map<String, Object> given = given(parameters, temperature);
        if (!kind.comparesFeatures()) {
            boolean changes = temperature != null && !temperature.isConstant();
            builder.loss(logitLoss(), factor, changes ? temperature : null);
            return;
        }
        FeatureLoss loss = kind.features(given);
        for (FeaturePair pair : pairs(loss, layers == null ? List.of() : layers)) {
            builder.pair(pair.loss(loss).adapter(kindOfAdapter()).scale(factor));
        }
    }

    private Adapter kindOfAdapter() {
        return adapter == null ? Adapter.AUTO : Adapter.valueOf(adapter.toUpperCase(Locale.ROOT));
    }

    private static List<FeaturePair> pairs(FeatureLoss loss, List<String> named) {
        if (named.equals(List.of("auto"))) return List.of(FeaturePair.matched());
        List<String> student = new ArrayList<>();
        List<String> teacher = new ArrayList<>();
        for (String layer : named) {
            int slash = layer.indexOf('/');
            student.add(slash < 0 ? layer : layer.substring(0, slash));
            teacher.add(slash < 0 ? layer : layer.substring(slash + 1));
        }
        if (loss.layers() != 1) return List.of(FeaturePair.of(student, teacher));
        List<FeaturePair> pairs = new ArrayList<>();
        for (int i = 0; i < student.size(); i++) pairs.add(FeaturePair.of(student.get(i), teacher.get(i)));
        return pairs;
    }

    /**
     * Parse {@code name[:part,part]} to a tree. A part is {@code key=value} or layers: {@code soft-target:T=4}, {@code
     * attention:layer2+layer3/layer4,scale=0.1}.
     *
     * @throws LimbeckException if a part is neither
     */
    public static ObjectNode parse(String text) {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        NamedTarget named = NamedTarget.of(text);
        tree.put("name", named.name());
        if (named.target() == null) return tree;
        for (String part : named.target().split(",", -1)) {
            int equals = part.indexOf('=');
            if (part.isBlank()) {
                throw new LimbeckException("found an empty part between two commas of '" + text
                        + "'; expected key=value or layers, such as soft-target:T=4 or attention:layer2+layer3");
            } else if (equals < 0) {
                ArrayNode layers = tree.withArrayProperty("layers");
                Arrays.stream(part.split("\\+")).forEach(layers::add);
            } else {
                set(tree, part.substring(0, equals), part.substring(equals + 1));
            }
        }
        return tree;
    }

    private static void set(ObjectNode tree, String key, String value) {
        String name = key.equals("T") ? "temperature" : key;
        if (name.equals("adapter")) {
            tree.put(name, value);
        } else if (name.equals("scale") || name.equals("temperature")) {
            put(tree, name, value);
        } else {
            // For an unknown loss or setting, the recipe check quotes the text.
            Object read = Losses.find(tree.get("name").asText())
                    .flatMap(type -> type.setting(name))
                    .<Object>map(setting -> setting.read(value))
                    .orElse(value);
            tree.withObject("/parameters").putPOJO(name, read);
        }
    }

    /**
     * Set a schedule from text, as a number if it is constant; null sets nothing.
     *
     * @throws LimbeckException if the text is not a schedule
     */
    public static void put(ObjectNode tree, String name, @Nullable String schedule) {
        if (schedule == null) return;
        Schedule read = Schedule.of(schedule);
        if (read.isConstant()) tree.put(name, read.first());
        else tree.put(name, schedule);
    }
}
