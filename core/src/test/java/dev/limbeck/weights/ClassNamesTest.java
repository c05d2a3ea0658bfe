package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Test class names that training scripts store together with weights. */
class ClassNamesTest {
    private static final List<String> NAMES = List.of("cat", "dog", "elk");

    private static void found(Object root, String key) {
        assertThat(ClassNames.in(root)).containsExactly(new ClassNames.Found(key, NAMES));
    }

    @Test
    void everyFormInUseIsRead() {
        Object[] tuple = NAMES.toArray();
        Map<String, Integer> toIndex = new LinkedHashMap<>();
        toIndex.put("elk", 2);
        toIndex.put("cat", 0);
        toIndex.put("dog", 1);
        found(Map.of("classes", NAMES), "classes");
        found(Map.of("meta", Map.of("CLASSES", tuple)), "meta.CLASSES");
        found(Map.of("meta", Map.of("dataset_meta", Map.of("classes", tuple))), "meta.dataset_meta.classes");
        found(Map.of("class_to_idx", toIndex), "class_to_idx");
        found(
                Map.of("hyper_parameters", Map.of("idx_to_class", Map.of(0, "cat", 2, "elk", 1, "dog"))),
                "hyper_parameters.idx_to_class");
        found(Map.of("names", Map.of(0L, "cat", 1L, "dog", 2L, "elk")), "names");
        found(Map.of("id2label", Map.of("0", "cat", "1", "dog", "2", "elk")), "id2label");
        assertThat(ClassNames.inText(Map.of("classes", "('cat', 'dog', 'elk')", "epoch", "[1, 2]")))
                .containsExactly(new ClassNames.Found("classes", NAMES));
    }

    @Test
    void aFileWithoutNamedTensorsSaysWhatItHolds() {
        Path file = Path.of("weights.pt");
        TensorInfo tensor = new TensorInfo.Unreadable("sparse", new long[0]);
        assertThat(TensorGroups.none(file, Map.of(0, tensor, 1, tensor)))
                .hasMessageContaining("holds 2 tensors under numbers or in lists");
        assertThat(TensorGroups.none(file, Map.of("a", new TorchGlobals.Array())))
                .hasMessageContaining("holds 1 NumPy arrays and no tensors");
        assertThat(TensorGroups.none(file, Map.of("epoch", 3))).hasMessageContaining("holds no tensors");
        assertThat(TensorGroups.all(Path.of("file"), Map.of(7, Map.of("a", tensor))))
                .singleElement()
                .extracting(TensorGroups.Group::path)
                .isEqualTo("7");
        assertThat(TensorGroups.at(file, Map.of(7, Map.of("a", tensor)), "7")).hasSize(1);
    }

    @Test
    void whatIsNoListOfDifferentNamesIsNone() {
        Map<String, Object> root = new HashMap<>();
        root.put("classes", 3);
        root.put("names", List.of("cat", "cat"));
        root.put("class_to_idx", Map.of("cat", 0, "dog", 2));
        root.put("idx_to_class", Map.of(0, 1, 1, 0));
        root.put("label_names", List.of("cat", ""));
        root.put("labels", List.of(1, 2));
        assertThat(ClassNames.in(root)).isEmpty();
        assertThat(ClassNames.parse("cat,dog")).isEmpty();
        assertThat(ClassNames.parse("[cat, dog")).isEmpty();
    }
}
