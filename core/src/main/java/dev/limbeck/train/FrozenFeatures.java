package dev.limbeck.train;

/** Keep the network in evaluation mode while its classifier is trained, so that features and their statistics stay. */
final class FrozenFeatures implements Callback {
    @Override
    public void beforeTrain(TrainingContext fit) {
        fit.model().eval();
    }
}
