// A family of tasks: everything that depends on what an RNN is trained for. Each family is one file that fills one struct family, and a
// line in registry.c; no other code names a family, but for the gen- filter that makes its tasks. A pointer is NULL where a family has
// no such thing.
#ifndef FAMILIES_FAMILY_H
#define FAMILIES_FAMILY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/rng.h"
#include "families/answerer.h"
#include "families/dfa.h"
#include "families/image_sets.h"
#include "families/split.h"
#include "families/train.h"
#include "rnn/stepper.h"
#include "stream/packer.h"

enum { TASK_SIZE = 160, FAMILY_KEY_SIZE = 512, FAMILY_TARGETS = 4, FAMILY_COLUMNS = 8 };

struct family;

// A task: which family it is of, and what that family knows about it.
struct task {
    const struct family *family; // NULL: a family that this version does not know; its map is carried along
    const struct value *value;   // the map as it was read, or NULL
    union {
        unsigned char bytes[TASK_SIZE];
        double aligned;
    } body; // the family's own struct (struct language, ...)
};

// What the RNN of a task is trained with beside the task itself.
struct train_setting {
    const struct train_recipe *recipe;
    uint64_t seed, run;        // everything random is a function of the two
    struct image_sets *images; // where tasks find the images that they name
};

// Questions whose answers are known: sequences, each with the class that is right at its last position. Zero it before its first use.
struct exam {
    int count, steps;      // n, T
    const uint8_t *labels; // [n]
    bool tokens;           // questions are tokens, not numbers
    // Questions first .. first + count - 1 side by side, time-major: uint8_t inputs [T*count] or float inputs [T*count,I].
    void (*gather)(const struct exam *exam, int first, int count, void *inputs);
    void *memory; // the family's own: the next exam is made faster when it is like this one
};

// What the tokens of a task are. Tokens 0 .. letters - 1 are letters; bos and eos -1: no token begins or ends words.
struct vocabulary {
    int letters, bos, eos;
    int length;        // of the rows or words that its RNNs learn by
    const char *names; // a character for each letter, "abcd"
};

// A property of a task that predictors may be asked for by a short name: a field of its records.
struct family_target {
    const char *name; // NULL after the last
    const char *path; // "task.offsets"
    int skip;         // so many first items of a list tell nothing and are no answers
    int classes, low; // an answer is one of the integers low .. low + classes - 1; classes 0: it is a number
    bool circle;      // a number of degrees: predicted on a line, but also judged on the circle
};

// A snapshot's row in a zoo of NumPy files, as the authors of the paper publish theirs (records/npyzoo.h).
struct published {
    const struct value *args; // args.json: sizes and options of all rows
    const double *task;       // [columns], of tasks.npy
    int columns;
    const double *measured; // accuracy and loss of evaluation, loss of training, weight decay; or NULL
    double correct;         // the share of sampled rows that were right, or NaN
};

struct family {
    const char *name;  // in records: task.family
    size_t size;       // of the body
    const void *usual; // a body of the usual sizes; draw makes a task of it

    // Reads the task's map, checking all values: STATUS_DATA "task: key ...". Packs what read wants, in the order of the specification,
    // without the map's header and the key family.
    enum status (*read)(const struct value *task, void *body, struct error *error);
    void (*pack)(struct packer *p, const void *body);
    // Draws what is random in a task, as a pure function of rng. The rest of the body must be set.
    void (*draw)(void *body, struct rng *rng);

    // The task as text: what the RNNs learn, without how they are trained or judged. Records with equal keys are of one task: they fall
    // into one split and into one half of the OOD tasks. Returns the length.
    int (*key)(const void *body, char text[FAMILY_KEY_SIZE]);
    // The task in the notation that people write it in; NULL: its key will do. Returns the length.
    int (*text)(const void *body, char text[FAMILY_KEY_SIZE]);
    // Is the task out of distribution, when this share 0 .. 1 of all tasks is to be? NULL: as hashes of the key have it. All other tasks
    // are split by such hashes.
    bool (*ood)(const void *body, double share);
    double ood_share; // when the rule has none
    // Only if all that does not do: the split of the task, a pure function of the first two arguments. memory is NULL the first time and
    // may keep what is costly to make, on the arena.
    enum split (*split)(const void *body, const struct split_rule *rule, struct arena *arena, void **memory);

    // Sizes of the networks that the tasks ask for: sets input, output, and what inputs and answers are.
    void (*shape)(const void *body, struct rnn_arch *arch);
    // The images that RNNs are trained with; NULL: none.
    enum status (*images)(const struct task *task, struct image_sets *from, const struct image_set **out, struct error *error);
    enum status (*trainee)(struct trainee **out, const struct task *task, const struct train_setting *setting, struct error *error);
    // Of RNNs that read words of tokens and answer with a class at every position, it is all there is to say: trainee is answerer_trainee
    // then, exam answerer_exam, exam_free answerer_exam_free.
    struct answerer (*answerer)(const void *body);

    // How well a network that is no trainee does the task, by its accuracy; `judged` is the number of rows or of questions when it is not
    // said. Either it writes rows of tokens (vocabulary), which are right or not. Or it answers questions: an exam of at most `count`;
    // STATUS_NO_INPUT when files are missing for it.
    int judged;
    bool (*right)(const void *body, const uint8_t *row);
    enum status (*exam)(struct exam *exam, const struct task *task, int count, struct image_sets *images, struct error *error);
    void (*exam_free)(struct exam *exam);

    // Of tasks with tokens; and all words that the task wants, if they can be listed: row [length] of word i = 0, 1 ..., false after the
    // last.
    struct vocabulary (*vocabulary)(const void *body);
    bool (*word)(const void *body, int i, uint8_t *row);
    // Of languages that count: the word of n, never cut, also beyond those that RNNs learn by. Letter 0 occurs n times, at its beginning.
    // Writes the word to tokens (unless NULL), ended by eos; returns its length with that, or 0 when there is no word of n.
    int (*counted)(const void *body, int n, int *tokens);
    // The task that most of some weighted words are of: word i has length [i] letters, one word's after the other's in tokens. The body
    // holds the sizes of the language and gets the rest. Returns the share of all weight that speaks for it; 0: no word is of any task.
    double (*of_words)(void *body, const int *tokens, const int *length, const double *weight, int count);

    // Of regular languages: the minimal automaton of the task's.
    void (*machine)(const void *body, struct dfa *out);

    // A task and its RNN's performance (accuracy NaN when it is not told) from such a row, false when it is none of this family; and the
    // task's columns in tasks.npy, of which there are at most FAMILY_COLUMNS, with what args.json says of all tasks alike. Returns how
    // many.
    bool (*from_published)(const struct published *row, void *body, struct performance *performance);
    int (*publish)(const void *body, struct packer *args, double task[FAMILY_COLUMNS]);
    enum dtype published_as; // DTYPE_I8 or DTYPE_F8: the type of tasks.npy

    struct family_target targets[FAMILY_TARGETS];
};

int family_count(void);
const struct family *family_at(int i);                       // the registry: 0 .. family_count() - 1
const struct family *family_find(const char *name);          // NULL: not known
int family_index(const struct family *family);               // its place in the registry
const struct family_target *family_target(const char *name); // of any family; NULL: none has it

// A hash of the task's key; of an unknown family, of its map as canonical JSON (stream/json.h).
uint64_t task_hash(const struct task *task, uint64_t seed);

// The task for people, terminated; of a known family.
void task_notation(const struct task *task, char text[FAMILY_KEY_SIZE]);

struct task task_make(const struct family *family, const void *body);
#define TASK_BODY(type, task) ((const type *)(const void *)(task)->body.bytes)

// How many answers are right: at the last position of logits [steps*count, classes], the largest is that of the question's label [count].
int answers_right(const float *logits, int steps, int count, int classes, const uint8_t *labels);

#endif
