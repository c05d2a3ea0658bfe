/** Feed damaged and hostile files to every reader: targets, mutators that know the formats, and two drivers. */
package dev.limbeck.fuzz;
