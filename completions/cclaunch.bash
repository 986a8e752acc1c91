# bash completion for cclaunch: our verbs, what stack does, and the options of each.
# What is not ours is claude's, and falls back to file names.

_cclaunch() {
    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-} words=""
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="exec env usage events dashboard status check stack profile persist unpersist config completions --help --version --"
    elif [[ $verb == stack ]] && ((COMP_CWORD == 2)); then
        words="up down restart status logs pull use compose enable disable --help"
    else
        [[ $verb == stack ]] && verb="stack ${COMP_WORDS[2]-}"
        case $verb in
            env) words="--shell --json --explain --help" ;;
            usage) words="--by --where --since --until --json --help" ;;
            events) words="-n -f --follow --json --name --session --where --help" ;;
            status | check | "stack status") words="--json --help" ;;
            "stack down") words="--volumes --yes --help" ;;
            "stack logs") words="-f --follow -n --help" ;;
            "stack up" | "stack restart") words="--help" ;;
            *) return ;;
        esac
    fi
    local one
    for one in $words; do
        [[ $one == "$word"* ]] && COMPREPLY+=("$one")
    done
}

complete -o default -F _cclaunch cclaunch
