/** Test every reader with damaged and malicious files: targets, format-aware mutators, and two drivers. */
package dev.limbeck.fuzz;
