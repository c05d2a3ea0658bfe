package dev.limbeck.weights;

import java.util.ArrayList;
import java.util.List;

/**
 * List Python classes and functions that are common beside weights in real files: settings, records and run states.
 * Only their names are used: nothing is created or called. A name is listed if its value says nothing about the
 * weights, whatever it would do in Python.
 *
 * <p>Source: the safe list of {@code torch.load(weights_only=True)} in PyTorch 2.13, and the classes that public
 * reports of files refused by it name. What takes a function, a module or text to import and calls it ({@code
 * functools.partial}, {@code operator.attrgetter}, {@code builtins.getattr}, {@code torch.load}) is on none, nor is any
 * class of a user.
 */
final class AllowedClasses {
    /** Own map classes, treated as maps, because they may contain weights. */
    static final List<String> MAPS = List.of(
            "collections.OrderedDict",
            "collections.Counter",
            "collections.defaultdict",
            "builtins.dict",
            "__builtin__.dict",
            "lightning.fabric.utilities.data.AttributeDict",
            "lightning_fabric.utilities.data.AttributeDict",
            "lightning.pytorch.utilities.parsing.AttributeDict",
            "pytorch_lightning.utilities.parsing.AttributeDict",
            "easydict.EasyDict",
            "addict.addict.Dict",
            "addict.Dict",
            "box.box.Box",
            "munch.Munch",
            "mmengine.config.config.ConfigDict",
            "mmcv.utils.config.ConfigDict",
            "yacs.config.CfgNode",
            "ml_collections.config_dict.config_dict.ConfigDict");

    private static final List<String> PYTHON = List.of(
            "_codecs.encode",
            "argparse.Namespace",
            "collections.deque",
            "copyreg._reconstructor",
            "copy_reg._reconstructor",
            "datetime.date",
            "datetime.datetime",
            "datetime.time",
            "datetime.timedelta",
            "datetime.timezone",
            "random.Random",
            "types.SimpleNamespace",
            "typing.Any",
            "uuid.SafeUUID",
            "uuid.UUID",
            "fastcore.foundation.L",
            "fastcore.basics.AttrDict",
            "fastai.torch_core.TensorBase");

    /** In Python 2 their module has another name. */
    private static final List<String> BUILTINS = List.of(
            "bool",
            "bytearray",
            "bytes",
            "complex",
            "float",
            "frozenset",
            "int",
            "list",
            "object",
            "range",
            "set",
            "slice",
            "str",
            "tuple",
            "long",
            "unicode",
            "xrange");

    private static final List<String> PATHS =
            List.of("Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath");

    private static final List<String> NUMPY = List.of(
            "numpy.dtype",
            "numpy.ndarray",
            "numpy.random.RandomState",
            "numpy.random._pickle.__bit_generator_ctor",
            "numpy.random._pickle.__generator_ctor",
            "numpy.random._pickle.__randomstate_ctor",
            "numpy.random._generator.Generator",
            "numpy.random._mt19937.MT19937",
            "numpy.random._pcg64.PCG64",
            "numpy.random._pcg64.PCG64DXSM",
            "numpy.random._philox.Philox",
            "numpy.random._sfc64.SFC64",
            "numpy.random.bit_generator.SeedSequence",
            "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
            "numpy.random.mtrand.RandomState");

    /** Their module is {@code numpy.core} before NumPy 2 and {@code numpy._core} since. */
    private static final List<String> NUMPY_CORE =
            List.of("multiarray.scalar", "multiarray._reconstruct", "numeric._frombuffer");

    private static final List<String> NUMPY_TYPES = List.of(
            "bool",
            "bool_",
            "bytes_",
            "complex128",
            "complex64",
            "float16",
            "float32",
            "float64",
            "int16",
            "int32",
            "int64",
            "int8",
            "object_",
            "str_",
            "uint16",
            "uint32",
            "uint64",
            "uint8",
            "longdouble");

    private static final List<String> OMEGACONF = List.of(
            "base.ContainerMetadata",
            "base.Metadata",
            "dictconfig.DictConfig",
            "listconfig.ListConfig",
            "nodes.AnyNode",
            "nodes.BooleanNode",
            "nodes.FloatNode",
            "nodes.IntegerNode",
            "nodes.PathNode",
            "nodes.StringNode");

    /** Lightning before 1.5 kept the state of callbacks by their class. */
    private static final List<String> LIGHTNING = List.of(
            "callbacks.early_stopping.EarlyStopping",
            "callbacks.lr_monitor.LearningRateMonitor",
            "callbacks.model_checkpoint.ModelCheckpoint",
            "callbacks.progress.ProgressBar",
            "callbacks.timer.Timer");

    private static final List<String> TORCH = List.of(
            "torch.Generator",
            "torch._C.Generator",
            "torch.Size",
            "torch.Tensor",
            "torch.channels_last",
            "torch.channels_last_3d",
            "torch.contiguous_format",
            "torch.device",
            "torch.preserve_format",
            "torch.serialization._get_layout",
            "torch.sparse_coo",
            "torch.sparse_csr",
            "torch.strided",
            "torch.torch_version.TorchVersion",
            "torch.per_channel_affine",
            "torch.per_channel_affine_float_qparams",
            "torch.per_channel_symmetric",
            "torch.per_tensor_affine",
            "torch.per_tensor_symmetric",
            "torch.nn.modules.loss.BCELoss",
            "torch.nn.modules.loss.BCEWithLogitsLoss",
            "torch.nn.modules.loss.CrossEntropyLoss",
            "torch.nn.modules.loss.KLDivLoss",
            "torch.nn.modules.loss.L1Loss",
            "torch.nn.modules.loss.MSELoss",
            "torch.nn.modules.loss.NLLLoss",
            "torch.nn.modules.loss.SmoothL1Loss",
            "torch.optim.adagrad.Adagrad",
            "torch.optim.adam.Adam",
            "torch.optim.adamax.Adamax",
            "torch.optim.adamw.AdamW",
            "torch.optim.nadam.NAdam",
            "torch.optim.radam.RAdam",
            "torch.optim.rmsprop.RMSprop",
            "torch.optim.sgd.SGD");

    private static final List<String> TORCH_TYPES = List.of(
            "bfloat16",
            "bits16",
            "bits1x8",
            "bits2x4",
            "bits4x2",
            "bits8",
            "bool",
            "complex128",
            "complex32",
            "complex64",
            "float16",
            "float32",
            "float4_e2m1fn_x2",
            "float64",
            "float8_e4m3fn",
            "float8_e4m3fnuz",
            "float8_e5m2",
            "float8_e5m2fnuz",
            "float8_e8m0fnu",
            "int16",
            "int32",
            "int64",
            "int8",
            "qint32",
            "qint8",
            "quint2x4",
            "quint4x2",
            "quint8",
            "uint16",
            "uint32",
            "uint64",
            "uint8");

    /** The widths below a byte, of which PyTorch 2.13 has integers with and without sign. */
    private static final int NARROW_INTEGERS = 7;

    private static final List<String> TORCH_TENSORS =
            List.of("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short");

    private AllowedClasses() {}

    /** Return the qualified names of all whose values are passed over. */
    static List<String> values() {
        List<String> names = new ArrayList<>(PYTHON);
        for (String module : List.of("builtins.", "__builtin__.")) BUILTINS.forEach(name -> names.add(module + name));
        for (String module : List.of("pathlib.", "pathlib._local.")) PATHS.forEach(name -> names.add(module + name));
        names.addAll(NUMPY);
        for (String module : List.of("numpy.core.", "numpy._core.")) {
            NUMPY_CORE.forEach(name -> names.add(module + name));
        }
        NUMPY_TYPES.forEach(name -> names.add("numpy." + name));
        OMEGACONF.forEach(name -> names.add("omegaconf." + name));
        for (String module : List.of("pytorch_lightning.", "lightning.pytorch.")) {
            LIGHTNING.forEach(name -> names.add(module + name));
        }
        names.addAll(TORCH);
        TORCH_TYPES.forEach(name -> names.add("torch." + name));
        for (int bits = 1; bits <= NARROW_INTEGERS; bits++) {
            names.add("torch.int" + bits);
            names.add("torch.uint" + bits);
        }
        for (String module : List.of("torch.", "torch.cuda.", "torch.sparse.", "torch.cuda.sparse.")) {
            TORCH_TENSORS.forEach(name -> names.add(module + name + "Tensor"));
        }
        return names;
    }
}
