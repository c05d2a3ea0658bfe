package dev.limbeck.data.image;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * Open Oxford-IIIT Pets (Parkhi et al., "Cats and Dogs", 2012), labeled by file name. URL and MD5 are those of
 * torchvision 0.28.
 */
abstract class Pets extends NamedImages {
    private static final String ADDRESS = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/";
    private static final RemoteFile FILE = new RemoteFile("images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c");
    private static final ImageDefaults DEFAULTS = new ImageDefaults(64, 64, true, 0);

    private final UnaryOperator<String> label;

    private Pets(String name, String summary, UnaryOperator<String> label) {
        super(name, summary);
        this.label = label;
    }

    @Override
    public final ImageSource open(DatasetFiles files) {
        // Both use the same photographs.
        Path folder = DatasetFiles.unpack(
                files.fetch("pets", ADDRESS, FILE), files.folder("pets").resolve("images"));
        return new RelabeledSource(ImageFolder.of(folder), label::apply, DEFAULTS, name() + " in " + folder);
    }

    /** Register the photographs labeled cat or dog, by the capital letter. */
    public static final class Species extends Pets {
        public Species() {
            super(
                    "pets",
                    "7,349 photographs of cats and dogs",
                    file -> Character.isUpperCase(file.charAt(0)) ? "cat" : "dog");
        }
    }

    /**
     * Register the photographs labeled by breed, the text before the number: {@code Maine_Coon} of {@code
     * Maine_Coon_12.jpg}.
     */
    public static final class Breeds extends Pets {
        public Breeds() {
            super("pets-breeds", "the same in 37 breeds", file -> file.replaceFirst("_\\d+\\.\\w+$", ""));
        }
    }
}
