// Remarks of the library that are no errors: what was passed over, what looks odd. The library never prints; a program that wants to tell
// people installs a handler.
#ifndef BASE_NOTE_H
#define BASE_NOTE_H

// Called with each remark; may be called from any thread, one call at a time.
void note_on(void (*handler)(const char *text));

// Tells a remark, unless the very same text was told before: what holds for thousands of records is said once. After 32 different ones the
// rest is kept back.
void note_once(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
