package dev.limbeck.distill.teacher;

/** Hold a model's name for messages, such as {@code teacher big.onnx}. */
record ModelName(ModelRole role, String name) {
    /** Create the name of a teacher. */
    static ModelName teacher(String name) {
        return new ModelName(ModelRole.TEACHER, name);
    }

    @Override
    public String toString() {
        return role.noun() + " " + name;
    }
}
