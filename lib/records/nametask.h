// Tasks for RNNs that come as files: what a user says of all of them, and what each file's name tells.
#ifndef RECORDS_NAMETASK_H
#define RECORDS_NAMETASK_H

#include "records/task.h"

struct name_task;

// `text` is the family's name, or a JSON map that has it, or NULL; `pattern` is what names look like, or NULL. In a pattern {KEY} stands
// for a key of the task, whose value is what stands there in the name, at least one character and as few as possible; * for anything; all
// else for itself. Parts between slashes are compared with the last parts of a path, so that folders may tell keys, too. Texts that are
// numbers become numbers. STATUS_USAGE when one of them makes no sense, both give one key, or none the family. Free with name_task_free.
enum status name_task_new(struct name_task **out, const char *text, const char *pattern, struct error *error) MUST_CHECK;
void name_task_free(struct name_task *t);

// Packs the task's map for the file of this path. STATUS_DATA, with nothing packed, when its name is not as the pattern says, or the map is
// no task of a family that is known.
enum status name_task_pack(struct packer *p, struct name_task *t, const char *path, struct error *error) MUST_CHECK;

#endif
