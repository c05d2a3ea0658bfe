package dev.limbeck.data.image;

import dev.limbeck.data.image.SkippedFile.Reason;
import dev.limbeck.image.ImageFormat;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Walk a folder and sort its files into images and others. Every file is listed, except those in folders that belong to
 * programs.
 */
final class FolderTree {
    /**
     * Hold an image file.
     *
     * @param real target if a link leads to it, else null
     */
    record Image(Path path, long bytes, @Nullable Path real) {}

    /** Hold the contents of one folder, sorted by name. */
    static final class Directory {
        final Path path;
        final String name;
        final Path real;
        final List<Directory> directories = new ArrayList<>();
        final List<Image> images = new ArrayList<>();
        final List<SkippedFile> leftOut = new ArrayList<>();

        private int total = -1;

        private Directory(Path path, Path real) {
            this.path = path;
            this.real = real;
            Path last = path.getFileName();
            name = last == null ? "" : last.toString();
        }

        /** Return the number of images in the folder and its subfolders. */
        int total() {
            if (total < 0)
                total = images.size()
                        + directories.stream().mapToInt(Directory::total).sum();
            return total;
        }

        /** Return the subfolders with images. */
        List<Directory> filled() {
            return directories.stream().filter(child -> child.total() > 0).toList();
        }

        /** Return the only subfolder if the folder has no images of its own, else null. */
        @Nullable
        Directory lone() {
            return images.isEmpty() && directories.size() == 1 ? directories.get(0) : null;
        }

        /** Collect the skipped files of the folder and its subfolders. */
        void allLeftOut(List<SkippedFile> to) {
            to.addAll(leftOut);
            for (Directory child : directories) child.allLeftOut(to);
        }

        /** Drop images with given paths from the folder and its subfolders, and report them. */
        void dropImages(Set<Path> places, Consumer<Image> dropped) {
            images.removeIf(image -> {
                Path place = image.real() == null ? real.resolve(image.path().getFileName()) : image.real();
                if (!places.contains(place)) return false;
                dropped.accept(image);
                return true;
            });
            directories.forEach(child -> child.dropImages(places, dropped));
            total = -1;
        }

        /** Collect the images of the folder and its subfolders. */
        void allImages(List<Image> to) {
            to.addAll(images);
            for (Directory child : directories) child.allImages(to);
        }
    }

    private static final int MOST_LINKS = 32;

    private record Unsure(Directory directory, String file) {}

    private final Path top;
    private final Deque<Path> around = new ArrayDeque<>();
    /** Number of followed links to each folder. */
    private final Map<Path, Integer> linked = new HashMap<>();
    /** Empty files, which count as images if others with their suffix do. */
    private final List<Unsure> empty = new ArrayList<>();

    private final Set<String> suffixesByContent = new HashSet<>();
    private final List<String> byContent = new ArrayList<>();
    private final Directory root;

    /**
     * Walk a folder.
     *
     * @throws IOException if it cannot be listed
     */
    FolderTree(Path top) throws IOException {
        this.top = top;
        root = new Directory(top, top.toRealPath());
        List<Path> children = children(top);
        walk(root, children, false, false);
        for (Unsure file : empty) {
            boolean lost = suffixesByContent.contains(FileNames.suffix(file.file));
            file.directory.leftOut.add(new SkippedFile(file.file, lost ? Reason.EMPTY : Reason.NOT_AN_IMAGE));
        }
    }

    Directory root() {
        return root;
    }

    /** Return the files that only their content identifies as images. */
    List<String> byContent() {
        return byContent;
    }

    private static List<Path> children(Path folder) throws IOException {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            for (Path child : stream) children.add(child);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        children.sort(Comparator.naturalOrder());
        return children;
    }

    private void walk(Directory directory, List<Path> children, boolean behindLink, boolean hidden) {
        around.push(directory.real);
        for (Path child : children) {
            try {
                visit(directory, child, behindLink, hidden);
            } catch (IOException e) {
                leave(directory, child, Reason.UNREADABLE);
            }
        }
        around.pop();
    }

    private void visit(Directory parent, Path child, boolean behindLink, boolean hidden) throws IOException {
        String name = child.getFileName().toString();
        BasicFileAttributes attributes =
                Files.readAttributes(child, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        boolean link = attributes.isSymbolicLink();
        if (link && (FileNames.isSystemFile(name) || FileNames.isSystemFolder(name))) {
            leave(parent, child, Reason.SYSTEM);
            return;
        }
        if (link) {
            try {
                attributes = Files.readAttributes(child, BasicFileAttributes.class);
            } catch (IOException e) {
                // It is dangling, circular or not accessible.
                leave(parent, child, dead(name, hidden || FileNames.isHidden(name)));
                return;
            }
        }
        Path real = link ? child.toRealPath() : parent.real.resolve(child.getFileName());
        if (attributes.isDirectory()) {
            directory(parent, child, real, link, behindLink, hidden || FileNames.isHidden(name));
        } else if (FileNames.isSystemFile(name)) {
            leave(parent, child, Reason.SYSTEM);
        } else if (hidden || FileNames.isHidden(name)) {
            leave(parent, child, Reason.HIDDEN);
        } else if (!attributes.isRegularFile()) {
            // Opening a pipe would block.
            leave(parent, child, Reason.NOT_AN_IMAGE);
        } else {
            file(parent, child, attributes.size(), link || behindLink ? real : null);
        }
    }

    private static Reason dead(String name, boolean hidden) {
        if (hidden) return Reason.HIDDEN;
        return FileNames.isOther(FileNames.suffix(name)) ? Reason.NOT_AN_IMAGE : Reason.DEAD_LINK;
    }

    private void directory(Directory parent, Path child, Path real, boolean link, boolean behindLink, boolean hidden) {
        if (FileNames.isSystemFolder(child.getFileName().toString())) return;
        if (link && around.contains(real)) {
            leave(parent, child, hidden ? Reason.HIDDEN : Reason.LINK_LOOP);
            return;
        }
        // Folders that link to each other have infinitely many paths. Which link is used is decided later.
        if (link && linked.merge(real, 1, Integer::sum) > MOST_LINKS) {
            leave(parent, child, hidden ? Reason.HIDDEN : Reason.CONFLICTING);
            return;
        }
        Directory directory = new Directory(child, real);
        if (!hidden) parent.directories.add(directory);
        try {
            walk(directory, children(child), behindLink || link, hidden);
        } catch (IOException e) {
            leave(directory, child, hidden ? Reason.HIDDEN : Reason.UNREADABLE);
        }
        // Neither a class nor a split, so its files are only counted.
        if (hidden) parent.leftOut.addAll(directory.leftOut);
    }

    private void file(Directory parent, Path file, long bytes, @Nullable Path real) {
        String suffix = FileNames.suffix(file.getFileName().toString());
        ImageFormat named = ImageFormat.ofSuffix(suffix);
        if (named != null && bytes == 0) {
            leave(parent, file, Reason.EMPTY);
        } else if (named != null && named.isRead) {
            parent.images.add(new Image(file, bytes, real));
        } else if (FileNames.isOther(suffix)) {
            leave(parent, file, Reason.NOT_AN_IMAGE);
        } else if (bytes == 0) {
            empty.add(new Unsure(parent, name(file)));
        } else {
            byContent(parent, new Image(file, bytes, real), named);
        }
    }

    private void byContent(Directory parent, Image image, @Nullable ImageFormat named) {
        Path file = image.path();
        try (InputStream in = Files.newInputStream(file)) {
            ImageFormat format = ImageFormat.of(in.readNBytes(ImageFormat.HEAD));
            // The first page of a raw file is a small preview.
            boolean isRaw = named == ImageFormat.RAW && format == ImageFormat.TIFF;
            if (format == null && named == null) {
                leave(parent, file, Reason.NOT_AN_IMAGE);
            } else if (format != null && format.isRead && !isRaw) {
                parent.images.add(image);
                suffixesByContent.add(FileNames.suffix(file.getFileName().toString()));
                byContent.add(name(file));
            } else {
                leave(parent, file, Reason.UNREAD_FORMAT);
            }
        } catch (IOException e) {
            leave(parent, file, Reason.UNREADABLE);
        }
    }

    private void leave(Directory directory, Path file, Reason reason) {
        directory.leftOut.add(new SkippedFile(name(file), reason));
    }

    /** Return a path relative to the walked folder, with slashes. */
    String name(Path file) {
        return name(top, file);
    }

    static String name(Path folder, Path file) {
        return folder.relativize(file).toString().replace(File.separatorChar, '/');
    }
}
