package dev.limbeck.data.rows;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Name the files and folders of rows.
 *
 * @param source a file; a folder with files named after their splits, such as {@code train.csv} and {@code test.csv}; or a
 *     {@link TextFolder}
 * @param test the test split, if the source has none: a file, or for texts a folder {@code <class>/*.txt}; null for none
 * @param unlabeled training rows without labels: a file, or for texts a folder with {@code .txt} files of any depth; null for none
 * @param textColumn the column of the text, if the rows are texts; null for tables. It also names texts of files without columns
 */
public record RowFiles(
        Path source,
        @Nullable Path test,
        @Nullable Path unlabeled,
        @Nullable String textColumn) {
    /** Name a source alone, of tables or of texts in files with columns. */
    public static RowFiles of(Path source) {
        return new RowFiles(source, null, null, null);
    }
}
