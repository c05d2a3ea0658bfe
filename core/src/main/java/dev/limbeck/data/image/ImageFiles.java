package dev.limbeck.data.image;

import dev.limbeck.data.image.FolderTree.Image;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * List image files to predict.
 *
 * @param files in the order of the inputs; those of a folder sorted by path
 * @param leftOut files of folders that are not used, each with its path and the reason
 */
public record ImageFiles(List<Path> files, List<SkippedFile> leftOut) {
    /**
     * List files.
     *
     * @param inputs files, which are not opened and need not exist, and folders
     * @throws dev.limbeck.LimbeckException if a folder cannot be listed
     */
    public static ImageFiles of(List<Path> inputs) {
        List<Path> files = new ArrayList<>();
        List<SkippedFile> leftOut = new ArrayList<>();
        for (Path input : inputs) {
            if (!Files.isDirectory(input)) {
                files.add(input);
                continue;
            }
            FolderTree tree = ImageFolder.tree(input);
            List<Image> images = new ArrayList<>();
            tree.root().allImages(images);
            images.stream()
                    .map(Image::path)
                    .sorted(Comparator.comparing(tree::name))
                    .forEach(files::add);
            List<SkippedFile> others = new ArrayList<>();
            tree.root().allLeftOut(others);
            for (SkippedFile other : others)
                leftOut.add(new SkippedFile(input.resolve(other.file()).toString(), other.reason()));
        }
        return new ImageFiles(files, leftOut);
    }

    /** Return the files that may be images and cannot be read, such as empty ones. */
    public List<SkippedFile> lost() {
        return leftOut.stream().filter(file -> file.reason().stops()).toList();
    }

    /** Count the files that are not images by suffix; empty if there are none. */
    public String others() {
        return SkippedFile.bySuffix(leftOut.stream()
                .filter(file ->
                        file.reason() == SkippedFile.Reason.NOT_AN_IMAGE || file.reason() == SkippedFile.Reason.HIDDEN)
                .map(SkippedFile::file)
                .toList());
    }
}
