/** Follow runs in MLflow, by its REST interface. */
@NullMarked
package dev.limbeck.mlflow;

import org.jspecify.annotations.NullMarked;
