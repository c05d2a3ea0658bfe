package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.rows.RowModality;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.recipe.LoadedTeacher;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Say what executors compute. It is sent to them, so its components are what Java serializes.
 *
 * @param teacher settings of the teacher, by the keys of a recipe's section
 * @param task key of the student's task; empty for the teacher's own
 * @param preparation how images are prepared, as {@link ImagePreprocessing#toMetadata} says it; empty for other rows
 * @param header names of the columns; for images the only one, of paths or contents
 * @param textColumn name of the column of texts; empty for other rows
 * @param missing cells that mean no value, besides empty ones
 * @param encoding name of the encoding
 * @param precision name of the precision
 */
record LabelJob(
        Map<String, String> teacher,
        String task,
        Map<String, String> preparation,
        List<String> header,
        String textColumn,
        Set<String> missing,
        String encoding,
        String precision,
        int batchSize)
        implements Serializable {
    /** Return whether the teacher reads images. */
    boolean readsImages() {
        return !preparation.isEmpty();
    }

    /** Return whether an opened teacher reads images; rows with named columns otherwise. */
    static boolean readsImages(LoadedTeacher teacher) {
        if (RowModality.ofSaved(teacher.preprocessing()).isPresent()) return false;
        if (ImagePreprocessing.isIn(teacher.preprocessing())
                || teacher.preprocessing().isEmpty()) return true;
        throw new LimbeckException("the teacher " + teacher.file() + " must read images, texts or tables, found "
                + teacher.preprocessing() + "; choose another one");
    }
}
