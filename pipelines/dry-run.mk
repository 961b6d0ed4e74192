# make -n writes nothing: dry-run is not empty then. Letters come first in MAKEFLAGS, if there are any; --no-builtin-rules has an n, too.
dry-run = $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
