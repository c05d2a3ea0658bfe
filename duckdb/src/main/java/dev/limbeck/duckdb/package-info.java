/** Tables from Parquet files and from SQL queries, both read by DuckDB. */
@NullMarked
package dev.limbeck.duckdb;

import org.jspecify.annotations.NullMarked;
