# Lines of a YAML file that are neither sections, as the recipes of this folder find them by sed, nor in one, nor comments.
/^[^ #]/!d
/^[^]["'{}&*!|>%@`,?:-][^: ]*:( .*)?$/d
/^---$/d
p
