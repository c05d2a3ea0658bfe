package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Modalities;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;

/** Show a teacher the student's batches as it wants them. */
final class TeacherInput implements AutoCloseable {
    private final AlternateView view;
    private final Preprocessing preprocessing;
    private final Device device;

    private TeacherInput(AlternateView view, Preprocessing preprocessing, Device device) {
        this.view = view;
        this.preprocessing = preprocessing;
        this.device = device;
    }

    /**
     * Compare the teacher's preprocessing with the data's.
     *
     * @param said what is known of how the teacher's inputs are prepared; empty if as the data is
     * @throws LimbeckException if the data cannot be brought to that
     */
    static TeacherInput of(TeacherContext context, Map<String, String> said, ModelName who) {
        Preprocessing wanted = context.trial();
        try {
            if (wanted == null) wanted = wanted(context.data().preprocessing(), said);
            AlternateView view = context.data().alternateView(wanted);
            return new TeacherInput(view, view.preprocessing(wanted), context.device());
        } catch (LimbeckException e) {
            throw new LimbeckException(
                    who + " wants its inputs otherwise than the data gives them: " + e.getMessage(), e);
        }
    }

    /** Change the data's preprocessing, or rebuild that of another kind of data. */
    private static Preprocessing wanted(Preprocessing own, Map<String, String> said) {
        // Data without a preprocessing gives what it gives; inputs are compared later.
        if (own.equals(Preprocessing.none())) return own;
        return own.kind().equals(said.getOrDefault(Modalities.KEY, own.kind()))
                ? own.with(said)
                : Modalities.ofSaved(said).preprocessing(said);
    }

    /** Return the teacher's inputs on its device. */
    Inputs of(Batch batch) {
        return view.inputs(batch).to(device);
    }

    List<InputSpec> specs() {
        return view.inputs();
    }

    Preprocessing preprocessing() {
        return preprocessing;
    }

    @Override
    public void close() {
        view.close();
    }
}
