import dev.limbeck.Task;
import dev.limbeck.data.image.StreamedImages;
import dev.limbeck.distill.cache.DiskStore;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.cache.Labeler;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.TeacherRecipe;
import dev.limbeck.tensor.Engine;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Label a folder of images in one loop, and compare the outputs with a folder that Spark labeled as float32:
 * PlainLoop TEACHER ARCHITECTURE IMAGES LABELS SIDE. Prints the processor time of this thread per image.
 */
public final class PlainLoop {
    public static void main(String[] a) throws Exception {
        Engine.setThreads(1);
        var tree = RecipeFiles.tree().put("model", a[0]).put("architecture", a[1]);
        List<Path> files;
        try (Stream<Path> all = Files.walk(Path.of(a[2]))) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        int side = Integer.parseInt(a[4]);
        try (LoadedTeacher teacher = RecipeFiles.bind(tree, TeacherRecipe.class, "").open(System.err::println)) {
            Task task = new Task.SingleLabel(teacher.teacher().classNames());
            var data = new StreamedImages(ImagePreprocessing.defaults(side), task, 64);
            List<Labeler.Labeled> made = new ArrayList<>();
            long start = 0;
            long wall = 0;
            int counted = 0;
            try (var labeler = new Labeler<>(teacher.teacher(), Encoding.FLOAT32, data, Engine.device("cpu"), "auto")) {
                List<StreamedImages.Resized> some = new ArrayList<>();
                for (int i = 0; i < files.size(); i++) {
                    some.add(data.prepare(new StreamedImages.ImageFile(files.get(i).toString(), Files.readAllBytes(files.get(i)))));
                    if (some.size() < 256 && i + 1 < files.size()) continue;
                    made.addAll(labeler.label(some));
                    some.clear();
                    if (start == 0 && i >= 1000) {
                        // Compilers have warmed up.
                        start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                        wall = System.nanoTime();
                        counted = made.size();
                    }
                }
                System.out.printf(
                        "plain loop: %d images, %.2f ms of processor time an image after the first %d (%.2f ms wall), %.2f over all%n",
                        made.size(),
                        (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e6 / (made.size() - counted),
                        counted,
                        (System.nanoTime() - wall) / 1e6 / (made.size() - counted),
                        ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e6 / made.size());
                int width = made.get(0).row().length;
                int equal = 0;
                int missing = 0;
                double worst = 0;
                double largest = 0;
                int argmax = 0;
                try (var store = new DiskStore(Path.of(a[3]), labeler.facts(), width, System.out::println)) {
                    ByteBuffer row = ByteBuffer.allocate(width).order(ByteOrder.LITTLE_ENDIAN);
                    for (Labeler.Labeled one : made) {
                        if (!store.get(one.key(), row.clear())) {
                            missing++;
                            continue;
                        }
                        ByteBuffer own = ByteBuffer.wrap(one.row()).order(ByteOrder.LITTLE_ENDIAN);
                        if (java.util.Arrays.equals(row.array(), one.row())) equal++;
                        int best = 0;
                        int other = 0;
                        for (int at = 0; at < width; at += 4) {
                            worst = Math.max(worst, Math.abs(own.getFloat(at) - row.getFloat(at)));
                            largest = Math.max(largest, Math.abs(own.getFloat(at)));
                            if (own.getFloat(at) > own.getFloat(best)) best = at;
                            if (row.getFloat(at) > row.getFloat(other)) other = at;
                        }
                        if (best == other) argmax++;
                    }
                }
                System.out.printf(
                        "against %s: %d missing, %d rows equal to the bit, %d with the same best class, largest difference %.3g (largest output %.3g)%n",
                        a[3], missing, equal, argmax, worst, largest);
            }
        }
    }
}
