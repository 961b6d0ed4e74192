# A section of a YAML file -> options of a command: steps: 2000 -> --steps=2000; fixed: true -> --fixed, false -> --no-fixed; a list with
# commas. What is no such line stays as it is, and the command refuses it.
/^[^ ][^:]*: *\(#.*\)\{0,1\}$/d
s/ *#.*//
/^ *$/d
s/^  *\([a-z-]*\): *true$/--\1/
s/^  *\([a-z-]*\): *false$/--no-\1/
s/^  *\([a-z-]*\): *\(.*\)/--\1=\2/
/=/s/[][" ]//g
