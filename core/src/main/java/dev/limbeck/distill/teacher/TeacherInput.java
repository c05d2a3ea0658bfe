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
 * Show a teacher the student's batches as it wants them. Images of the same size are the student's own, normalized anew;
 * of another size they are made from the same sources by the same draws.
 */
final class TeacherInput implements AutoCloseable {
    private static final String SIZE = "image_size";

    private final Renormalize change;
    private final @Nullable AlternateView lens;
    private final Device device;
    private final long[] shape;
    /** How inputs are normalized in the end. */
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
     * Compare what a teacher wants with what the data gives.
     *
     * @param wanted how the teacher's inputs are prepared; empty if as the data is
     * @throws LimbeckException if the data cannot be brought to that
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
                    who + " wants images of " + size + ", the data gives " + given.get(SIZE) + ": " + e.getMessage());
        }
    }

    /** Return the teacher's input on its device. A batch of unknown origin must have the teacher's shape already. */
    Tensor of(Batch batch) {
        Tensor input = lens != null && !(batch.origin() == null && isOwn(batch.input()))
                ? Tensors.to(lens.input(batch), device)
                : change.apply(Tensors.to(batch.input(), device));
        input = tried.apply(input);
        return blueFirst ? input.flip(1) : input;
    }

    /** Prepare inputs otherwise from here on; returns whether it is known how they are prepared now. */
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

    /** Say how inputs are prepared, in words that change whenever that does. */
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
