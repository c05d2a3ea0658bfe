package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.Checksum;
import dev.limbeck.io.Download;
import dev.limbeck.io.Downloads;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fetch weights that were trained on ImageNet's 1,000 classes, each once, into a cache folder.
 *
 * <p>Source: the files that torchvision 0.28 names. Their names hold the first digits of their SHA-256; the whole is checked
 * where several independent projects publish the same (ResNet-18, 34 and 50, MobileNetV2, EfficientNet-B0), the 8 or 10 digits of
 * the name for the others. The addresses themselves are not verified here.
 */
public final class PretrainedWeights {
    private static final String BASE = "https://download.pytorch.org/models/";
    private static final Pattern DIGITS = Pattern.compile("-([0-9a-f]{8,})\\.pth");
    private static final Map<String, String> FILES = new TreeMap<>(Map.ofEntries(
            Map.entry("resnet18", "resnet18-f37072fd.pth"),
            Map.entry("resnet34", "resnet34-b627a593.pth"),
            Map.entry("resnet50", "resnet50-11ad3fa6.pth"),
            Map.entry("resnet101", "resnet101-63fe2227.pth"),
            Map.entry("resnet152", "resnet152-394f9c45.pth"),
            Map.entry("mobilenet_v2", "mobilenet_v2-b0353104.pth"),
            Map.entry("mobilenet_v3_small", "mobilenet_v3_small-047dcff4.pth"),
            Map.entry("mobilenet_v3_large", "mobilenet_v3_large-8738ca79.pth"),
            Map.entry("efficientnet_b0", "efficientnet_b0_rwightman-7f5810bc.pth"),
            Map.entry("shufflenet_v2_x1_0", "shufflenetv2_x1-5666bf0f80.pth"),
            Map.entry("vgg11_bn", "vgg11_bn-6002323d.pth"),
            Map.entry("vgg16_bn", "vgg16_bn-6c64b313.pth")));

    /** The whole SHA-256 of files, by architecture. */
    private static final Map<String, String> WHOLE = Map.of(
            "resnet18",
            "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
            "resnet34",
            "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f",
            "resnet50",
            "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca",
            "mobilenet_v2",
            "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
            "efficientnet_b0",
            "7f5810bc96def8f7552d5b7e68d53c4786f81167d28291b21c0d90e1fca14934");

    private final Path cache;
    private final UnaryOperator<URI> addresses;
    private final UnaryOperator<String> files;

    private PretrainedWeights(Path cache, UnaryOperator<URI> addresses, UnaryOperator<String> files) {
        this.cache = cache;
        this.addresses = addresses;
        this.files = files;
    }

    /** Create a store in {@code weights} of the default cache folder, see {@link Downloads#cacheFolder}. */
    public static PretrainedWeights store() {
        return in(Downloads.cacheFolder().resolve("weights"));
    }

    /** Keep files in a folder, which is made when needed. */
    public static PretrainedWeights in(Path cache) {
        return new PretrainedWeights(cache, address -> address, name -> name);
    }

    /** Return the same store fetching from other addresses, such as a mirror's; checksums stay. */
    public PretrainedWeights redirected(UnaryOperator<URI> addresses) {
        return new PretrainedWeights(cache, addresses, files);
    }

    /** Return the same store expecting other file names, and so checksums, for files that tests make. */
    public PretrainedWeights expecting(UnaryOperator<String> files) {
        return new PretrainedWeights(cache, addresses, files);
    }

    /**
     * Return the file of an architecture's weights, fetching it if it is not in the cache.
     *
     * @throws LimbeckException if no weights of this architecture are known, or they cannot be fetched
     */
    public Path fetch(String architecture, Downloads.Progress progress) {
        String known = FILES.get(architecture);
        if (known == null) {
            throw new LimbeckException("no published weights of " + architecture
                    + " are known; give a file of them (--weights), or take one of "
                    + String.join(", ", FILES.keySet()));
        }
        String file = files.apply(known);
        Matcher digits = DIGITS.matcher(file);
        if (!digits.find()) throw new IllegalStateException(file + " names no checksum");
        String whole = file.equals(known) ? WHOLE.get(architecture) : null;
        Checksum checksum = whole == null ? Checksum.sha256Prefix(digits.group(1)) : Checksum.sha256(whole);
        Download download = new Download(addresses.apply(URI.create(BASE + file)), file, checksum);
        return new Downloads(cache).fetch(download, progress);
    }
}
