/** Define architectures by name, with the parameter names of their authors or torchvision. */
@NullMarked
package dev.limbeck.zoo;

import org.jspecify.annotations.NullMarked;
