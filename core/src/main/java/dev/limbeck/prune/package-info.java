/**
 * Structured pruning: remove channels of convolutions, and make the smaller network.
 *
 * <pre>{@code
 * try (SavedModel model = SavedModel.open(Path.of("runs/teacher"), null)) {
 *     PrunableNetwork network = PrunableNetwork.of(model, List.of(InputSpec.floats(3, 32, 32)));
 *     try (Pruned half = new Pruning(Criterion.BN).toShare(network, 0.5)) {
 *         half.save(Path.of("pruned.safetensors"), model);
 *     }
 * }
 * }</pre>
 */
@NullMarked
package dev.limbeck.prune;

import org.jspecify.annotations.NullMarked;
