package dev.limbeck.data.image;

import dev.limbeck.io.Downloads;
import java.util.List;

/**
 * Open data sets by name, folder or archive. Downloads are stored in the cache's folder {@code data} (environment
 * variable {@code LIMBECK_HOME}, or else {@code ~/.cache/limbeck}). Jars on the class path add names with {@link
 * ImageSourceProvider}.
 */
public final class Datasets {
    private Datasets() {}

    /** Return the store in the default cache folder. */
    public static DatasetStore store() {
        return new DatasetStore(Downloads.cacheFolder().resolve("data"));
    }

    /** Return the names of the known data sets: built-in ones, sorted, then others. */
    public static List<String> names() {
        return store().names();
    }

    /**
     * Create a builder for data from a known name, a folder, an archive or a table of images; see {@link DatasetStore#source}.
     *
     * @throws dev.limbeck.LimbeckException if there is none
     */
    public static ImageDataBuilder open(String nameOrPath) {
        return ImageData.builder(store().source(nameOrPath));
    }

    /**
     * Open Oxford-IIIT Pets, 7,349 photographs labeled cat or dog (Parkhi et al., "Cats and Dogs", 2012). Defaults:
     * horizontal flips, 64×64.
     */
    public static ImageSource pets() {
        return store().named("pets");
    }

    /** Open the same photographs labeled with their 37 breeds. */
    public static ImageSource petBreeds() {
        return store().named("pets-breeds");
    }

    /**
     * Open CIFAR-10, 50,000 + 10,000 images of 32×32 (Krizhevsky, "Learning Multiple Layers of Features from Tiny
     * Images", 2009). Defaults: horizontal flips, crops with a padding of 4.
     */
    public static ImageSource cifar10() {
        return store().named("cifar10");
    }

    /** Open CIFAR-100 with its 100 fine classes. Defaults and source are those of CIFAR-10. */
    public static ImageSource cifar100() {
        return store().named("cifar100");
    }

    /**
     * Open MNIST, 60,000 + 10,000 handwritten digits of 28×28 (LeCun et al., "Gradient-based learning applied to
     * document recognition", 1998). No augmentation.
     */
    public static ImageSource mnist() {
        return store().named("mnist");
    }

    /** Open Fashion-MNIST, in MNIST's layout (Xiao, Rasul and Vollgraf, arXiv 1708.07747). No augmentation. */
    public static ImageSource fashionMnist() {
        return store().named("fashion-mnist");
    }

    /** Generate 6,000 + 1,000 + 2,000 shapes, without a download. See {@link Shapes}. */
    public static ImageSource shapes() {
        return store().named("shapes");
    }

    /** Generate a number of shapes for each split. */
    public static ImageSource shapes(int train, int valid, int test) {
        return Shapes.source(train, valid, test, Shapes.NAMED_SEED);
    }
}
