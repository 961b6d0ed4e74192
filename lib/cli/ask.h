// A program that answers like an RNN, asked through pipes (the protocol is in probe(1), THE DIALOGUE): a line of numbers in, a line of
// numbers back; an empty line begins anew.
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/error.h"
#include "rnn/oracle.h"

struct asked;

// Starts `command` by /bin/sh, which reads our questions as its standard input; its standard error is ours. timeout: seconds for an
// answer. STATUS_IO when no process can be had.
enum status asked_start(struct asked **out, const char *command, int input, int output, double timeout, struct error *error) MUST_CHECK;
struct oracle *asked_oracle(struct asked *a);

// Ends the dialogue: closes the pipes and waits for the program, or kills it after the timeout. STATUS_DATA, with the line that it was
// asked, when it did not answer as it should: a wrong count, what is no number, too late, not at all.
enum status asked_finish(struct asked *a, struct error *error) MUST_CHECK;

#endif
