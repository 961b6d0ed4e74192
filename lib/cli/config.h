// A YAML file as options: a map of sections, each named after a filter (`train-rnn: {steps: 2000}`), a section being a map of option names
// to scalars or lists of scalars (which become a comma-separated text). config.c is the only file that includes libyaml.
// Refused with line and column: unknown keys, duplicate keys, anchors and aliases, tags, several documents, depth over 16, files over 1
// MiB, NUL bytes.
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/options.h"

// Applies the section `name` of the file to the tables (own: the filter's, common: the shared one); other sections are only checked for
// syntax and duplicates. Options already given (on the command line) are left alone. Errors: "file:3:7: unknown key 'stepz' in section
// 'train-rnn'".
enum status config_apply(const char *path, const char *name, struct option *own, struct option *common, struct error *error) MUST_CHECK;

#endif
