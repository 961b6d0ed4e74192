# shellcheck shell=bash
# Tab completion of the filters in bash. What a filter knows it says itself (--options), so this is never out of date: options, and values
# where there is a list of them. For all other words bash completes names of files.
_rnnpipe() {
    local at=$COMP_CWORD word=${COMP_WORDS[COMP_CWORD]} filter=${1/#\~\//$HOME/}
    # --name=value comes as three words.
    [[ $word == = ]] && word='' at=$((at + 1))
    [[ ${COMP_WORDS[at - 1]} == = ]] && at=$((at - 1))
    local before=${COMP_WORDS[at - 1]} after='' name type letter words candidates=''
    COMPREPLY=()
    while read -r name type letter words; do
        candidates+=" --$name"
        case $type in
            flag) candidates+=" --no-$name" ;;
            action) ;;
            *) [[ $before == "--$name" || $before == "-$letter" ]] && after=$type && break ;;
        esac
    done < <("$filter" --options 2> /dev/null)
    if [[ $after == choice || $after == words ]]; then
        candidates=${words//|/ }
    elif [[ -n $after || $word != -* ]]; then
        return # a file, or what only the user knows
    fi
    # A value may be a list with commas, of which the last word is being typed.
    local first=''
    [[ $after == words && $word == *,* ]] && first=${word%,*},
    mapfile -t COMPREPLY < <(compgen -P "$first" -W "$candidates" -- "${word#"$first"}")
}
