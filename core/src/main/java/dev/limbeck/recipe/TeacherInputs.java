package dev.limbeck.recipe;

import java.util.Map;

/**
 * Hold how a teacher's inputs are prepared, for one kind of data. Its settings stand beside the teacher's own, see {@link
 * TeacherRecipe}.
 */
public interface TeacherInputs {
    /** Return the kind of data. */
    String kind();

    /** Return the given settings, keys as in {@link dev.limbeck.Preprocessing#toMetadata}. */
    Map<String, String> preprocessing();

    /** Return the given settings that only TorchScript and ONNX files have, such as the order of their inputs' numbers. */
    Map<String, String> ofWholeNetworks();
}
