package dev.limbeck.fit;

/**
 * Hold what a network costs where it will run.
 *
 * @param student architecture, by name, or the file of a trained model
 * @param architecture full name of its architecture, which decides the cost
 * @param millis median latency of one row in ONNX Runtime
 * @param bytes size of its ONNX file in float32
 * @param parameters number of parameters
 * @param macs multiply–accumulate operations per row
 */
public record Cost(String student, String architecture, double millis, long bytes, long parameters, long macs) {}
