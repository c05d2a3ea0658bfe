package dev.limbeck.tensor;

import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Compute this thread's convolutions and matrix products in a lower precision until closed. The state is thread-local:
 * use a guard only in try-with-resources, on one thread. Guards may nest.
 */
public final class Autocast implements AutoCloseable {
    static {
        Engine.start();
    }

    private final Thread owner = Thread.currentThread();
    private final DeviceType device;
    private final boolean before;
    private final ScalarType typeBefore;

    private Autocast(Precision precision, DeviceType device) {
        this.device = device;
        before = torch.is_autocast_enabled(device);
        typeBefore = torch.get_autocast_dtype(device).intern();
        if (precision == Precision.BF16) torch.set_autocast_dtype(device, ScalarType.BFloat16);
        torch.set_autocast_enabled(device, precision == Precision.BF16);
    }

    /** Enable a precision for a device type; {@link Precision#FP32} disables autocasting. */
    public static Autocast to(Precision precision, Device device) {
        return new Autocast(precision, device.is_cuda() ? DeviceType.CUDA : DeviceType.CPU);
    }

    /** Run a network in a precision, on the device of its inputs; what it gives in bfloat16 is returned as float32. */
    public static Tensor apply(Precision precision, Function<Inputs, Tensor> network, Inputs inputs) {
        if (precision == Precision.FP32) return network.apply(inputs);
        try (Autocast casting = to(precision, inputs.device())) {
            return Tensors.toFloat32(network.apply(inputs));
        }
    }

    /** Return whether products with this tensor are computed in a lower precision on this thread. */
    static boolean isOn(Tensor x) {
        return torch.is_autocast_enabled(x.is_cuda() ? DeviceType.CUDA : DeviceType.CPU);
    }

    @Override
    public void close() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("Autocast was opened on " + owner.getName() + " and must be closed there");
        }
        torch.set_autocast_enabled(device, before);
        torch.set_autocast_dtype(device, typeBefore);
        // Cached casts of weights must not outlive the optimizer step that changes the weights.
        if (!before) torch.clear_cache();
    }
}
