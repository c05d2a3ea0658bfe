package dev.limbeck.tensor;

import dev.limbeck.AtExit;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Storage;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Move weights that nobody computes with for now to a mapped file. They take no memory until they are read, and are read and written like
 * others: what is written stays in memory. The file has no name while it is used, so nobody can shorten it, and goes when the weights do.
 */
public final class WeightsOnDisk {
    private static final Logger LOG = LoggerFactory.getLogger(WeightsOnDisk.class);

    /** Smaller weights stay: several of them share a page of memory. */
    private static final long LEAST_BYTES = 1 << 16;

    /** Less is not worth a file. */
    private static final long LEAST_SUM = 16 << 20;

    /** File systems whose files take memory. */
    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

    /** Others need room on the disk, too. */
    private static final int ROOM = 2;

    private WeightsOnDisk() {}

    /**
     * Move the float32 weights whose memory belongs to nothing else. All stay where they are if the disk has no room or is in memory, and on
     * Windows, which keeps the names of mapped files.
     *
     * @param folder of the file, such as the system's temporary folder
     * @return number of bytes moved
     */
    public static long move(Collection<Tensor> weights, Path folder) {
        if (System.getProperty("os.name").startsWith("Windows")) return 0;
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            List<Tensor> own = weights.stream().filter(WeightsOnDisk::isAlone).toList();
            long bytes = own.stream().mapToLong(Tensor::nbytes).sum();
            if (bytes < LEAST_SUM || !hasRoom(Files.getFileStore(folder), bytes)) return 0;
            Path file = Files.createTempFile(folder, "limbeck-", ".weights");
            try (AtExit exit = AtExit.run(() -> delete(file))) {
                write(own, file);
                replace(own, file, bytes);
            } finally {
                delete(file);
            }
            return bytes;
        } catch (IOException | RuntimeException e) {
            LOG.debug("weights stay in memory: {}", LimbeckException.briefly(e));
            return 0;
        }
    }

    /** Move to the system's temporary folder. */
    public static long move(Collection<Tensor> weights) {
        return move(weights, Path.of(System.getProperty("java.io.tmpdir")));
    }

    private static boolean hasRoom(FileStore disk, long bytes) throws IOException {
        return !IN_MEMORY.contains(disk.type()) && disk.getUsableSpace() > ROOM * bytes;
    }

    private static boolean isAlone(Tensor weight) {
        if (weight.is_cuda() || DType.of(weight) != DType.FLOAT32 || weight.nbytes() < LEAST_BYTES) return false;
        try (Storage storage = weight.storage()) {
            // The handle refers to the weight's and is not counted. Mapped memory cannot be resized, and is not moved
            // again.
            return storage.use_count() == 1 && storage.resizable() && storage.nbytes() == weight.nbytes();
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{} is left behind ({}); delete it", file, LimbeckException.briefly(e));
        }
    }

    private static void write(List<Tensor> weights, Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (Tensor weight : weights) {
                ByteBuffer bytes = Tensors.memory(weight.as_strided(new long[] {weight.numel()}, new long[] {1}));
                while (bytes.hasRemaining()) channel.write(bytes);
            }
        }
    }

    private static void replace(List<Tensor> weights, Path file, long bytes) {
        Tensor all = torch.from_file(
                file.toString(),
                new BoolOptional(false),
                new LongOptional(bytes / Float.BYTES),
                new TensorOptions(DType.FLOAT32.engine));
        long at = 0;
        for (Tensor weight : weights) {
            weight.set_data(
                    all.as_strided(weight.shape(), weight.strides().vec().get(), new LongOptional(at)));
            at += weight.numel();
        }
    }
}
