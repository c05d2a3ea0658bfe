/** Define architectures by name, with the parameter names that their authors or torchvision gave them. */
@NullMarked
package dev.limbeck.zoo;

import org.jspecify.annotations.NullMarked;
