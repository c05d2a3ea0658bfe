package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * Adapt a teacher with other classes. Its logits are selected and reordered to the student's classes. A student class
 * that maps to several teacher classes gets log Σ exp of their logits, which adds their probabilities at T = 1.
 * Unmapped teacher classes are dropped; the softmax renormalizes over the others.
 */
public final class MappedTeacher extends TeacherWrapper {
    private final List<String> classNames;
    private final List<int[]> sources = new ArrayList<>();

    private MappedTeacher(Teacher teacher, Map<String, List<String>> classes) {
        super(teacher);
        classNames = List.copyOf(classes.keySet());
        List<String> known = teacher.classNames();
        if (known.isEmpty()) {
            throw new LimbeckException("teacher " + teacher.name() + " has no class names, so its classes can't be "
                    + "matched; name them (--teacher-classes), or use a teacher of the same classes in the same order");
        }
        classes.forEach((name, from) -> {
            if (from.isEmpty()) throw new LimbeckException("class '" + name + "' maps to no class of the teacher");
            String twice = from.stream()
                    .filter(one -> Collections.frequency(from, one) > 1)
                    .findFirst()
                    .orElse(null);
            if (twice != null) {
                throw new LimbeckException("class '" + name + "' maps to the teacher's class '" + twice
                        + "' twice, so its probability would be added twice; name it once");
            }
            sources.add(from.stream()
                    .mapToInt(one -> {
                        if (!known.contains(one)) throw Names.unknown("class", one, "teacher " + teacher.name(), known);
                        return known.indexOf(one);
                    })
                    .toArray());
        });
    }

    /**
     * Match classes by name. The order may differ, and the teacher may have further classes.
     *
     * @throws LimbeckException if the teacher lacks a class
     */
    public static MappedTeacher byName(Teacher teacher, List<String> classNames) {
        Map<String, List<String>> classes = new LinkedHashMap<>();
        classNames.forEach(name -> classes.put(name, List.of(name)));
        return new MappedTeacher(teacher, classes);
    }

    /**
     * Map each class of the student, in its order, to one or more classes of the teacher.
     *
     * @throws LimbeckException if the teacher lacks a class, or one is named twice for the same class
     */
    public static MappedTeacher of(Teacher teacher, Map<String, List<String>> classes) {
        return new MappedTeacher(teacher, classes);
    }

    /**
     * Match a teacher's classes according to settings, and the scale of its targets with the student's.
     *
     * @param byName whether to match classes by name
     * @param classes teacher classes for each student class; empty for no mapping
     * @param student task of the student
     * @return the teacher itself if nothing needs matching
     * @throws LimbeckException if a class has no match, or the teacher has another task
     */
    public static Teacher matching(Teacher teacher, boolean byName, Map<String, List<String>> classes, Task student) {
        return RescaledTeacher.fitted(mapped(teacher, byName, classes, student.names(), student.kind()), student);
    }

    private static Teacher mapped(
            Teacher teacher,
            boolean byName,
            Map<String, List<String>> classes,
            List<String> classNames,
            Task.Kind kind) {
        if (byName) return byName(teacher, classNames);
        if (classes.isEmpty()) return teacher;
        Map<String, List<String>> ordered = new LinkedHashMap<>();
        for (String name : classNames) {
            List<String> from = classes.get(name);
            if (from == null) {
                throw new LimbeckException("the class mapping has no '" + name + "'; add it");
            }
            ordered.put(name, from);
        }
        for (String name : classes.keySet()) {
            if (!ordered.containsKey(name)) throw Names.unknown("class", name, "the data", classNames);
        }
        boolean joins = ordered.values().stream().anyMatch(from -> from.size() > 1);
        if (joins && kind != Task.Kind.SINGLE_LABEL) {
            throw new LimbeckException("several outputs of the teacher can only be joined for one class per row, found "
                    + kind.words() + "; map each name to one");
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
    public Task task(Task student) {
        Task own = super.task(student);
        if (!(own instanceof Task.Regression regression)) return own.withNames(classNames);
        List<Double> means = new ArrayList<>();
        List<Double> deviations = new ArrayList<>();
        for (int[] from : sources) {
            means.add(regression.means().get(from[0]));
            deviations.add(regression.deviations().get(from[0]));
        }
        return new Task.Regression(classNames, means, deviations);
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
        return facts.withIdentity(
                "classes " + sources.stream().map(Arrays::toString).toList());
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
