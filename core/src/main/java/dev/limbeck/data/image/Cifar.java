package dev.limbeck.data.image;

/**
 * Open CIFAR (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009). URLs and MD5s are those of
 * torchvision 0.28. The SHA-256 values are published by several independent projects.
 */
abstract class Cifar extends NamedImages {
    private static final String ADDRESS = "https://www.cs.toronto.edu/~kriz/";

    private final RemoteFile file;

    private Cifar(String name, String summary, RemoteFile file) {
        super(name, summary);
        this.file = file;
    }

    @Override
    public final ImageSource open(DatasetFiles files) {
        return DatasetFiles.images(DatasetFiles.unpack(
                files.fetch(name(), ADDRESS, file), files.folder(name()).resolve("batches")));
    }

    /** Register CIFAR-10. */
    public static final class Ten extends Cifar {
        public Ten() {
            super(
                    "cifar10",
                    "60,000 images of 32×32 in 10 classes",
                    new RemoteFile(
                            "cifar-10-python.tar.gz",
                            "c58f30108f718f92721af3b95e74349a",
                            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"));
        }
    }

    /** Register CIFAR-100 with its fine classes. */
    public static final class Hundred extends Cifar {
        public Hundred() {
            super(
                    "cifar100",
                    "60,000 images of 32×32 in 100 classes",
                    new RemoteFile(
                            "cifar-100-python.tar.gz",
                            "eb9058c3a382ffc7106e4002c42a8d85",
                            "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"));
        }
    }
}
