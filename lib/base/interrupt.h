// Was the program asked to stop (SIGINT, SIGTERM)? A program that has work to save sets this in its handler, and whatever waits for input
// or output then ends with STATUS_INTERRUPTED instead of waiting on.
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include <signal.h>

extern volatile sig_atomic_t interrupt_asked;

#endif
