package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Reuse the teacher's classifier in the student. The student learns only to reproduce the classifier's input features,
 * by mean squared error, and needs no labels. The result is one network: student backbone, two projection layers and
 * the teacher's classifier. It is saved and exported like any other.
 *
 * <p>Chen et al., Knowledge Distillation with the Reused Teacher Classifier (SimKD), CVPR 2022. Here the projection
 * works on pooled features, not on maps.
 *
 * <pre>{@code
 * SimKD reused = SimKD.of(teacher);
 * Learner student = Learner.create(data, reused.student(Zoo.CIFAR_RESNET8));
 * student.fitOneCycle(10, 1e-2, reused.teach(student));
 * }</pre>
 */
public final class SimKD {
    private final Learner teacher;
    private final String path;

    private SimKD(Learner teacher, String path) {
        this.teacher = teacher;
        this.path = path;
    }

    /**
     * Use the classifier of a teacher.
     *
     * @throws LimbeckException if the teacher's last layer is not linear
     */
    public static SimKD of(Learner teacher) {
        return new SimKD(teacher, lastLinear(teacher.model()));
    }

    private static String lastLinear(Module network) {
        String last = "";
        for (Map.Entry<String, Module> module : network.modules().entrySet()) {
            if (!module.getValue().ownParameters().isEmpty()) last = module.getKey();
        }
        if (!(network.module(last) instanceof Linear)) {
            throw new LimbeckException("the last layer of " + network.describe()
                    + " must be linear to be reused, found '" + last + "'; distill its logits or features");
        }
        return last;
    }

    /**
     * Return the student's architecture: its backbone, and layers that project its features to the classifier's width.
     */
    public Architecture student(Architecture body) {
        return body.withBridge(weight(teacher.model(), path).size(1));
    }

    private static Tensor weight(Module network, String path) {
        Tensor weight = network.module(path).ownParameters().get("weight");
        if (weight == null) throw new IllegalStateException(path + " has no weight");
        return weight;
    }

    /**
     * Copy the classifier to a student, freeze it, and return the callback that trains the rest.
     *
     * @param student a learner with the architecture of {@link #student}
     * @throws LimbeckException if the classifier does not fit
     */
    public KnowledgeDistillation teach(Learner student) {
        String own = lastLinear(student.model());
        Map<String, Tensor> from = teacher.model().module(path).ownParameters();
        Map<String, Tensor> to = student.model().module(own).ownParameters();
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            to.forEach((name, tensor) -> {
                Tensor source = from.get(name);
                if (source == null || !Tensors.shapeText(source.shape()).equals(Tensors.shapeText(tensor.shape()))) {
                    throw new LimbeckException("the student's classifier must equal the teacher's, "
                            + Tensors.shapeText(weight(teacher.model(), path).shape()) + ", found "
                            + Tensors.shapeText(tensor.shape()) + " in " + name
                            + "; create the student with the architecture that student(...) returns");
                }
            });
            to.forEach((name, tensor) -> {
                tensor.copy_(from.get(name));
                tensor.set_requires_grad(false);
            });
        }
        return KnowledgeDistillation.from(teacher)
                .weight(1)
                .pair(FeaturePair.of(own + ":input", path + ":input").loss(new FitNet()))
                .build();
    }
}
