package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.Batch;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * Let a teacher of other classes teach: of its logits those are taken that a student's class goes by, in the student's
 * order. A class that stands for several of the teacher's gets log Σ exp of their logits, so that their probabilities add up
 * (at T = 1); classes that nobody asks for are left out, and the softmax shares their probability among the others.
 */
public final class MappedTeacher extends TeacherWrapper {
    private final List<String> classNames;
    private final List<int[]> sources = new ArrayList<>();

    private MappedTeacher(Teacher teacher, Map<String, List<String>> classes) {
        super(teacher);
        classNames = List.copyOf(classes.keySet());
        List<String> known = teacher.classNames();
        if (known.isEmpty()) {
            throw new LimbeckException(
                    "teacher " + teacher.name() + " does not know its classes' names, so they can't be "
                            + "matched; use a teacher of the same classes in the same order");
        }
        classes.forEach((name, from) -> {
            if (from.isEmpty()) throw new LimbeckException("class '" + name + "' stands for no class of the teacher");
            sources.add(from.stream()
                    .mapToInt(one -> {
                        if (!known.contains(one)) throw Names.unknown("class", one, "teacher " + teacher.name(), known);
                        return known.indexOf(one);
                    })
                    .toArray());
        });
    }

    /**
     * Match classes of the same names, whatever their order and whatever others the teacher knows.
     *
     * @throws LimbeckException if the teacher does not know one
     */
    public static MappedTeacher byName(Teacher teacher, List<String> classNames) {
        Map<String, List<String>> classes = new LinkedHashMap<>();
        classNames.forEach(name -> classes.put(name, List.of(name)));
        return new MappedTeacher(teacher, classes);
    }

    /**
     * Match each class of the student, in its order, with one or several of the teacher's.
     *
     * @throws LimbeckException if the teacher does not know one
     */
    public static MappedTeacher of(Teacher teacher, Map<String, List<String>> classes) {
        return new MappedTeacher(teacher, classes);
    }

    /**
     * Match a teacher's classes as settings say.
     *
     * @param byName whether all are matched by name
     * @param classes what each class stands for; empty for nothing
     * @param classNames the student's
     * @return the teacher itself if there is nothing to match
     * @throws LimbeckException if a class has no counterpart
     */
    public static Teacher matching(
            Teacher teacher, boolean byName, Map<String, List<String>> classes, List<String> classNames) {
        if (byName) return byName(teacher, classNames);
        if (classes.isEmpty()) return teacher;
        Map<String, List<String>> ordered = new LinkedHashMap<>();
        for (String name : classNames) {
            List<String> from = classes.get(name);
            if (from == null) {
                throw new LimbeckException("the mapping of classes has no '" + name + "'; say what it stands for");
            }
            ordered.put(name, from);
        }
        for (String name : classes.keySet()) {
            if (!ordered.containsKey(name)) throw Names.unknown("class", name, "the data", classNames);
        }
        return of(teacher, ordered);
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    @Override
    protected TeacherResult compute(TeacherSession session, Batch batch, Set<String> features) {
        // No scope of its own: the features must outlive it.
        try (NoGrad noGrad = NoGrad.on()) {
            return session.compute(batch, features).withLogits(this::mapped);
        }
    }

    @Override
    protected TeacherFacts facts(TeacherFacts facts) {
        if (facts.identity().isEmpty()) return facts;
        return facts.withIdentity(facts.identity() + " classes "
                + sources.stream().map(Arrays::toString).toList());
    }

    private Tensor mapped(Tensor logits) {
        Tensor[] columns = new Tensor[sources.size()];
        for (int i = 0; i < columns.length; i++) {
            long[] from = Arrays.stream(sources.get(i)).asLongStream().toArray();
            Tensor index = Tensors.to(Tensors.of(from, from.length), logits.device());
            columns[i] = Ops.indexSelect(logits, 1, index).logsumexp(1).unsqueeze(1);
        }
        return Ops.cat(1, columns);
    }
}
