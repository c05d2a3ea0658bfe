package dev.limbeck.data.image;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Classify files and folders by name. */
final class FileNames {
    /** Suffixes of frequent non-image files. Opening each would be as slow as the listing. */
    private static final Set<String> OTHERS = Set.of(
            "txt",
            "csv",
            "tsv",
            "json",
            "jsonl",
            "geojson",
            "xml",
            "html",
            "htm",
            "md",
            "rst",
            "yml",
            "yaml",
            "toml",
            "ini",
            "cfg",
            "log",
            "py",
            "ipynb",
            "m",
            "sh",
            "pdf",
            "doc",
            "docx",
            "xls",
            "xlsx",
            "ods",
            "zip",
            "tar",
            "gz",
            "tgz",
            "bz2",
            "xz",
            "zst",
            "7z",
            "rar",
            "npy",
            "npz",
            "mat",
            "pkl",
            "pickle",
            "pt",
            "pth",
            "h5",
            "hdf5",
            "parquet",
            "arrow",
            "feather",
            "tfrecord",
            "lmdb",
            "mdb",
            "db",
            "sqlite",
            "mp4",
            "avi",
            "mov",
            "mkv",
            "webm",
            "mp3",
            "wav",
            "md5",
            "sha1",
            "sha256",
            "xmp",
            "aae",
            "dvc",
            "url",
            "lnk");

    private static final Set<String> ARCHIVES =
            Set.of("zip", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "7z", "rar");

    private static final Set<String> SYSTEM_FILES = Set.of(
            ".ds_store",
            "thumbs.db",
            "ehthumbs.db",
            "desktop.ini",
            "picasa.ini",
            ".picasa.ini",
            ".directory",
            ".nomedia",
            ".localized",
            "icon\r",
            ".gitkeep",
            ".keep",
            ".gitignore",
            ".gitattributes",
            ".dvcignore",
            ".syncthing.tmp");

    private static final Set<String> SYSTEM_FOLDERS = Set.of(
            "@eadir",
            "#recycle",
            "@recycle",
            "@recently-snapshot",
            "#snapshot",
            "__macosx",
            "__pycache__",
            "$recycle.bin",
            "system volume information",
            "lost+found",
            ".git",
            ".svn",
            ".hg",
            ".dvc",
            ".cache",
            ".idea",
            ".vscode",
            ".thumbnails",
            ".thumbs",
            ".ipynb_checkpoints",
            ".trashes",
            ".trash",
            ".spotlight-v100",
            ".fseventsd",
            ".temporaryitems",
            ".appledouble",
            ".appledb",
            ".stfolder",
            ".stversions",
            ".huggingface",
            ".picasaoriginals");

    private static final Pattern SUFFIX = Pattern.compile("[a-z0-9_~+-]{1,12}");

    private FileNames() {}

    /** Return the lower-case suffix after the last dot; empty if there is none. */
    static String suffix(String name) {
        String file = name.substring(name.lastIndexOf('/') + 1);
        int dot = file.lastIndexOf('.');
        String suffix = dot < 1 ? "" : file.substring(dot + 1).toLowerCase(Locale.ROOT);
        return SUFFIX.matcher(suffix).matches() ? suffix : "";
    }

    static boolean isOther(String suffix) {
        return OTHERS.contains(suffix);
    }

    static boolean isArchive(String suffix) {
        return ARCHIVES.contains(suffix);
    }

    static boolean isHidden(String name) {
        return name.startsWith(".");
    }

    /** Return whether a file belongs to the operating system or a program. Such files are ignored silently. */
    static boolean isSystemFile(String name) {
        return name.startsWith("._") || SYSTEM_FILES.contains(name.toLowerCase(Locale.ROOT));
    }

    static boolean isSystemFolder(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return SYSTEM_FOLDERS.contains(lower) || lower.startsWith(".trash-") || lower.startsWith("._");
    }
}
