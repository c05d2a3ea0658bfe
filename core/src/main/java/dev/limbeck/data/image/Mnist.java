package dev.limbeck.data.image;

import java.util.List;

/**
 * Open MNIST from PyTorch's mirror (LeCun et al., "Gradient-based learning applied to document recognition", 1998) and
 * Fashion-MNIST from its authors (Xiao, Rasul and Vollgraf, arXiv 1708.07747). MD5s are those of torchvision 0.28. The
 * SHA-256 values are published by several independent projects; Fashion-MNIST's were verified with real files.
 */
abstract class Mnist extends NamedImages {
    private static final List<RemoteFile> DIGITS = List.of(
            new RemoteFile(
                    "train-images-idx3-ubyte.gz",
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            new RemoteFile(
                    "train-labels-idx1-ubyte.gz",
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            new RemoteFile(
                    "t10k-images-idx3-ubyte.gz",
                    "9fb629c4189551a2d022fa330f9573f3",
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            new RemoteFile(
                    "t10k-labels-idx1-ubyte.gz",
                    "ec29112dd5afa0611ce80d1b7f02629c",
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"));
    private static final List<RemoteFile> FASHION = List.of(
            new RemoteFile(
                    "train-images-idx3-ubyte.gz",
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            new RemoteFile(
                    "train-labels-idx1-ubyte.gz",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            new RemoteFile(
                    "t10k-images-idx3-ubyte.gz",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            new RemoteFile(
                    "t10k-labels-idx1-ubyte.gz",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"));

    private final String address;
    private final List<RemoteFile> remote;
    private final List<String> classNames;

    private Mnist(String name, String summary, String address, List<RemoteFile> remote, List<String> classNames) {
        super(name, summary);
        this.address = address;
        this.remote = remote;
        this.classNames = classNames;
    }

    @Override
    public final ImageSource open(DatasetFiles files) {
        for (RemoteFile file : remote) files.fetch(name(), address, file);
        return IdxImages.of(files.folder(name()), classNames);
    }

    /** Register MNIST. */
    public static final class Digits extends Mnist {
        public Digits() {
            super(
                    "mnist",
                    "70,000 handwritten digits of 28×28",
                    "https://ossci-datasets.s3.amazonaws.com/mnist/",
                    DIGITS,
                    IdxImages.digits());
        }
    }

    /** Register Fashion-MNIST. */
    public static final class Fashion extends Mnist {
        public Fashion() {
            super(
                    "fashion-mnist",
                    "70,000 pictures of clothes of 28×28 in 10 classes",
                    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                    FASHION,
                    IdxImages.FASHION_CLASSES);
        }
    }
}
