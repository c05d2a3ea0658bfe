/**
 * Provide the library as commands, each a thin layer. Only this package prints and sets exit codes. {@code
 * SettingOptions} turns declared recipe settings into options.
 */
@NullMarked
package dev.limbeck.cli;

import org.jspecify.annotations.NullMarked;
