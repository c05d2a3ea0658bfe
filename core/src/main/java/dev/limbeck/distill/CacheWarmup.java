package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Exchange;
import dev.limbeck.train.TrainingContext;

/**
 * Compute a teacher's outputs for every training row and view before the first step. With a cached teacher, training
 * then runs only the student. Several processes that share a cache folder compute each row once. Add it after the distillation callback:
 *
 * <pre>{@code
 * student.fitOneCycle(10, 1e-2, distillation, new CacheWarmup(distillation, (done, total) -> {}));
 * }</pre>
 */
public final class CacheWarmup implements Callback {
    /** Receive the progress of the warmup. */
    @FunctionalInterface
    public interface Progress {
        void computed(int done, int total);
    }

    private final KnowledgeDistillation distillation;
    private final Progress progress;

    public CacheWarmup(KnowledgeDistillation distillation, Progress progress) {
        this.distillation = distillation;
        this.progress = progress;
    }

    /**
     * {@inheritDoc}
     *
     * @throws LimbeckException if each epoch has its own views
     */
    @Override
    public void beforeFit(TrainingContext fit) {
        Data data = fit.data();
        int[] views = data.views();
        if (views.length == 0) {
            throw new LimbeckException(
                    "training rows are augmented or mixed anew in each epoch, so the teacher cannot be run "
                            + "on all of them; set a number of views (augment.views, --augment-views 4)");
        }
        Exchange exchange = fit.exchange();
        int total = Math.multiplyExact(data.size(Split.TRAIN), views.length) / exchange.size();
        int done = 0;
        for (int view : views) {
            try (DataLoader batches = data.view(Split.TRAIN, view, exchange.shard())) {
                while (true) {
                    try (Scope scope = Scope.open()) {
                        Batch batch = batches.next();
                        if (batch == null) break;
                        distillation.warmUp(batch);
                        done += batch.size();
                        // Shares of whole batches differ by one.
                        progress.computed(Math.min(done, total), total);
                    }
                }
            }
        }
        distillation.warmedUp();
        // Only then does each process look for the rows of the others.
        exchange.any(false);
    }
}
