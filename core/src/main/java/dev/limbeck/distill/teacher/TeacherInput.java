package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Convert the student's batches to the teacher's inputs. If the image size is the same, the student's images are
 * renormalized. Otherwise the images are prepared again from the source, with the same random draws.
 */
final class TeacherInput implements AutoCloseable {
    private static final String SIZE = "image_size";

    private final Renormalize change;
    private final @Nullable AlternateView lens;
    private final Device device;
    private final long[] shape;
    /** Normalization of the final inputs. */
    private final Map<String, String> own;

    private final ModelName who;
    private Renormalize tried = Renormalize.NONE;
    private boolean blueFirst;

    private TeacherInput(
            Renormalize change,
            @Nullable AlternateView lens,
            Device device,
            long[] shape,
            Map<String, String> own,
            ModelName who) {
        this.own = own;
        this.who = who;
        this.change = change;
        this.lens = lens;
        this.device = device;
        this.shape = shape;
    }

    /**
     * Compare the teacher's preprocessing with the data's.
     *
     * @param wanted the teacher's preprocessing; empty for the data's
     * @throws LimbeckException if the data cannot be converted
     */
    static TeacherInput of(Data data, Map<String, String> wanted, ModelName who, Device device) {
        Map<String, String> given = data.preprocessing();
        String size = wanted.get(SIZE);
        Map<String, String> whole = new LinkedHashMap<>(given);
        whole.putAll(wanted);
        if (size == null || !given.containsKey(SIZE) || size.equals(given.get(SIZE))) {
            return new TeacherInput(
                    Renormalize.between(given, wanted, who), null, device, data.inputShape(), whole, who);
        }
        try {
            AlternateView lens = data.alternateView(whole);
            return new TeacherInput(Renormalize.NONE, lens, device, lens.inputShape(), whole, who);
        } catch (LimbeckException e) {
            throw new LimbeckException(
                    who + " needs images of " + size + ", the data gives " + given.get(SIZE) + ": " + e.getMessage());
        }
    }

    /** Return the teacher's input on its device. A batch of unknown origin must already have the teacher's shape. */
    Tensor of(Batch batch) {
        Tensor input = lens != null && !(batch.origin() == null && isOwn(batch.input()))
                ? Tensors.to(lens.input(batch), device)
                : change.apply(Tensors.to(batch.input(), device));
        input = tried.apply(input);
        return blueFirst ? input.flip(1) : input;
    }

    /** Use another preprocessing from now on. Return whether the current preprocessing is known. */
    boolean tryOn(Teacher.@Nullable Probe trial) {
        if (trial == null) {
            tried = Renormalize.NONE;
            blueFirst = false;
            return true;
        }
        if (!own.containsKey("mean") || shape.length != 3) return false;
        tried = Renormalize.between(own, trial.preparation(), who);
        blueFirst = trial.blueFirst();
        return true;
    }

    private boolean isOwn(Tensor input) {
        long[] found = input.shape();
        return Arrays.equals(shape, 0, shape.length, found, 1, found.length);
    }

    /** Describe the preprocessing. The text changes whenever the preprocessing does. */
    String preparation() {
        return Tensors.shapeText(shape) + " " + new TreeMap<>(own);
    }

    /** Return the shape of one row. */
    long[] shape() {
        return shape.clone();
    }

    @Override
    public void close() {
        if (lens != null) lens.close();
    }
}
