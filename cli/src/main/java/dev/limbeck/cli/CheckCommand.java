package dev.limbeck.cli;

import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.TeacherCheckRun;
import dev.limbeck.train.TermSize;
import picocli.CommandLine.Command;

@Command(
        name = "check",
        description = "Check a teacher before distillation: its accuracy on the data, its inputs and classes, "
                + "and the size of each loss term.")
final class CheckCommand extends RecipeFileCommand {
    private static final int NAMED = 10;

    @Override
    Object run() {
        Recipe recipe = recipe(true);
        TeacherCheckRun check = TeacherCheckRun.of(recipe, options.context(this));
        say(check.preflight().summary());
        say("file: " + check.file() + " (" + check.kind() + ", SHA-256 "
                + check.sha256().substring(0, 16) + "…)");
        say("output: "
                + check.preflight().output()
                + (check.preflight().knowledge() == OutputKind.LOGITS ? "" : "; losses that need more are rejected"));
        if (check.dataClasses().isEmpty()) say("classes: none, the student learns an embedding");
        else
            say(
                    check.preflight().namesClasses()
                            ? "classes: " + Texts.first(NAMED, check.teacherClasses())
                            : "classes: the teacher has no class names; the data's are assumed, in the data's order: "
                                    + Texts.first(NAMED, check.dataClasses()));
        say("teacher's input: "
                + (check.teacherInput().isEmpty() ? "as the student's" : Texts.preprocessing(check.teacherInput())));
        say("student's input: " + Texts.preprocessing(check.dataInput()));
        for (TermSize term : check.terms()) {
            say(Texts.format(
                    "term %s on the first batch: %.4g × weight %.4g = %.4g",
                    term.name(), term.value(), term.weight(), term.weighted()));
        }
        check.preflight().warnings().forEach(line -> say("warning: " + line));
        if (check.preflight().warnings().isEmpty()) say("no problems found with this teacher");
        return check;
    }
}
