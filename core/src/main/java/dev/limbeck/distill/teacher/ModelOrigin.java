package dev.limbeck.distill.teacher;

/**
 * Say where a foreign model comes from, and which one it is.
 *
 * @param place its path or address, which messages and records show
 * @param name a short name
 * @param sha256 of all that identifies it, in hex: of its files, see {@link ModelFiles}, or of a server's words
 * @param lasting whether the same SHA-256 means the same outputs; if not, they are not cached in a folder
 */
public record ModelOrigin(String place, String name, String sha256, boolean lasting) {}
