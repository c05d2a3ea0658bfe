/** Boosters of XGBoost as teachers of tables. */
@NullMarked
package dev.limbeck.xgboost;

import org.jspecify.annotations.NullMarked;
