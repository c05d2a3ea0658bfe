package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Registry;
import dev.limbeck.tensor.InputSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Find the modality that data, a model or a saved preprocessing belongs to: ours, and those of jars on the class path. */
public final class Modalities {
    /** The key of a saved model's metadata that names its modality. Files without it are older than others than images. */
    public static final String KEY = "modality";

    /** The modality of files without that key. */
    private static final String DEFAULT = "image";

    private static final Registry<Modality> ALL =
            Registry.of("modality", Modality.class, Modality::kind, LoggerFactory.getLogger(Modalities.class)::warn);

    private Modalities() {}

    /** Return all modalities. */
    public static List<Modality> all() {
        return ALL.all();
    }

    /**
     * Return the modality of a kind.
     *
     * @throws LimbeckException if there is none: which artifact may be missing
     */
    public static Modality byKind(String kind) {
        return ALL.find(kind)
                .orElseThrow(() -> new LimbeckException("no modality '" + kind + "' is on the class path, found "
                        + String.join(", ", ALL.names()) + "; add the artifact that brings it (limbeck-" + kind + ")"));
    }

    /** Return whether saved models name the kind: images and data in one form only do not. */
    public static boolean isNamed(Preprocessing preprocessing) {
        return !isDefault(preprocessing.kind()) && !preprocessing.equals(Preprocessing.none());
    }

    /** Return the metadata of a preprocessing for a saved model, with its kind where models name it. */
    public static Map<String, String> metadata(Preprocessing preprocessing) {
        Map<String, String> metadata = new LinkedHashMap<>(preprocessing.toMetadata());
        if (isNamed(preprocessing)) metadata.put(KEY, preprocessing.kind());
        return metadata;
    }

    /** Return whether a kind is the one of models that name none. */
    public static boolean isDefault(String kind) {
        return kind.equals(DEFAULT);
    }

    /**
     * Return the modality of a saved model's preprocessing.
     *
     * @throws LimbeckException if there is none: which artifact may be missing
     */
    public static Modality ofSaved(Map<String, String> preprocessing) {
        return byKind(preprocessing.getOrDefault(KEY, DEFAULT));
    }

    /**
     * Describe the inputs of a saved model.
     *
     * @throws LimbeckException if there is no modality for its kind, or a value is malformed
     */
    public static List<InputSpec> inputs(Map<String, String> preprocessing) {
        Modality modality = ofSaved(preprocessing);
        return modality.inputs(modality.preprocessing(preprocessing));
    }

    /** Return the first modality that a model's inputs and metadata belong to, or nothing if none does. */
    public static Optional<Modality> of(ModelFacts model) {
        String named = model.metadata().get(KEY);
        if (named != null) return Optional.of(byKind(named));
        return ALL.all().stream().filter(modality -> modality.takes(model)).findFirst();
    }
}
