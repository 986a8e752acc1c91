# bash completion for cclaunch: our verbs, the parts of stack and profile, and the options of each.
# What is not ours is claude's, and falls back to file names.

_cclaunch() {
    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-} words=""
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="exec env usage events dashboard status check stack profile persist unpersist config completions --help --version --"
    elif [[ $verb == stack ]] && ((COMP_CWORD == 2)); then
        words="up down restart status logs pull use compose enable disable --help"
    elif [[ $verb == profile ]] && ((COMP_CWORD == 2)); then
        words="list show current use set unset create delete rename edit bind unbind export import --help"
    elif [[ $verb == dashboard ]] && ((COMP_CWORD == 2)); then
        words="list add remove --print --help"
    else
        [[ $verb == stack || $verb == profile || $verb == dashboard ]] && verb="$verb ${COMP_WORDS[2]-}"
        case $verb in
            env) words="--shell --json --explain --help" ;;
            usage) words="--by --where --since --until --json --help" ;;
            events) words="-n -f --follow --json --name --session --where --help" ;;
            status | check | "stack status") words="--json --help" ;;
            "stack down") words="--volumes --yes --help" ;;
            "stack logs") words="-f --follow -n --help" ;;
            "stack up" | "stack restart") words="--help" ;;
            "dashboard list") words="--json --help" ;;
            "dashboard add" | "dashboard remove") words="--help" ;;
            "profile list" | "profile show" | "profile current") words="--json --help" ;;
            "profile use") words="--none --help" ;;
            "profile set" | "profile unset" | "profile create")
                words="--prompts --responses --tool-details --raw-api-bodies --description --extends --claude-config-dir --budget --help"
                ;;
            "profile delete" | "profile export") words="--yes --help" ;;
            "profile import") words="--name --yes --accept --help" ;;
            "profile rename" | "profile edit" | "profile bind" | "profile unbind") words="--help" ;;
            *) return ;;
        esac
    fi
    local one
    for one in $words; do
        [[ $one == "$word"* ]] && COMPREPLY+=("$one")
    done
}

complete -o default -F _cclaunch cclaunch
