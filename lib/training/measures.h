// What predictions and emulations are judged by. A measure is a line of a table: its names, what it is of, its value over the records of
// one encoder, and what the best constant answer to the same questions comes to. Adding one: a line, and a function or two.
#ifndef TRAINING_MEASURES_H
#define TRAINING_MEASURES_H

#include <stdbool.h>
#include <stddef.h>

enum judged_kind {
    JUDGED_LOSS,    // emulations: predicted is the loss, there is no truth
    JUDGED_CLONE,   // emulations: the RNN's accuracy and its clone's
    JUDGED_NUMBER,  // predictions of numbers
    JUDGED_DEGREES, // of numbers that are angles as well
    JUDGED_CLASS,   // of a class
    JUDGED_CLASSES, // of a list of classes
    JUDGED_ANGLE
};

// What is judged: records with as many answers each, truth and predicted [count, answers]. Equal classes are equal numbers.
struct judged {
    enum judged_kind kind;
    int answers;
    size_t count;
    const double *truth, *predicted;
};

struct measure {
    const char *name, *heading;                      // of a column, with %s for the target: "%s_rmse", "%s RMSE"
    unsigned of;                                     // 1 << enum judged_kind, or several of them
    double least, greatest;                          // that the value can be
    double (*value)(const struct judged *j);         // count > 0; NaN where it is not defined
    double (*best_constant)(const struct judged *j); // of the truths; NULL: there is none
};
extern const struct measure measures[]; // ends with a zeroed one

#endif
