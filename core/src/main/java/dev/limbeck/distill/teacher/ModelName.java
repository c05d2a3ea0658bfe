package dev.limbeck.distill.teacher;

/** Name a model in a message, such as {@code teacher big.onnx}. */
record ModelName(ModelRole role, String name) {
    /** Name a teacher. */
    static ModelName teacher(String name) {
        return new ModelName(ModelRole.TEACHER, name);
    }

    @Override
    public String toString() {
        return role.noun() + " " + name;
    }
}
