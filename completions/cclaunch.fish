# fish completion for cclaunch: our verbs, the parts of stack and profile, and the options of each.
# What is not ours is claude's, and falls back to file names.

# Whether the words before the cursor are exactly these (behind the command's own name).
function __cclaunch_at
    set -l typed (commandline -opc)
    test "$typed[2..-1]" = "$argv"
end

# Whether they begin with these.
function __cclaunch_in
    set -l typed (commandline -opc)
    set -l count (count $argv)
    test (count $typed) -gt $count; and test "$typed[2.."(math $count + 1)"]" = "$argv"
end

complete -c cclaunch -n __cclaunch_at -a "exec env usage events dashboard status check stack profile persist unpersist config completions --help --version --"
complete -c cclaunch -n "__cclaunch_at stack" -f -a "up down restart status logs pull use compose enable disable --help"
complete -c cclaunch -n "__cclaunch_in env" -f -a "--shell --json --explain --help"
complete -c cclaunch -n "__cclaunch_in usage" -f -a "--by --where --since --until --json --help"
complete -c cclaunch -n "__cclaunch_in events" -f -a "-n -f --follow --json --name --session --where --help"
complete -c cclaunch -n "__cclaunch_in status" -f -a "--json --help"
complete -c cclaunch -n "__cclaunch_in check" -f -a "--json --help"
complete -c cclaunch -n "__cclaunch_in stack status" -f -a "--json --help"
complete -c cclaunch -n "__cclaunch_in stack down" -f -a "--volumes --yes --help"
complete -c cclaunch -n "__cclaunch_in stack logs" -f -a "-f --follow -n --help"
complete -c cclaunch -n "__cclaunch_in stack up" -f -a --help
complete -c cclaunch -n "__cclaunch_in stack restart" -f -a --help
complete -c cclaunch -n "__cclaunch_at dashboard" -f -a "list add remove --print --help"
complete -c cclaunch -n "__cclaunch_in dashboard list" -f -a "--json --help"
complete -c cclaunch -n "__cclaunch_in dashboard add" -f -a --help
complete -c cclaunch -n "__cclaunch_in dashboard remove" -f -a --help
complete -c cclaunch -n "__cclaunch_in dashboard add; and string match -qr '^[^-]' -- (commandline -ct)" -F
complete -c cclaunch -n "__cclaunch_at profile" -f -a "list show current use set unset create delete rename edit bind unbind export import --help"
for part in list show current
    complete -c cclaunch -n "__cclaunch_in profile $part" -f -a "--json --help"
end
complete -c cclaunch -n "__cclaunch_in profile use" -f -a "--none --help"
for part in set unset create
    complete -c cclaunch -n "__cclaunch_in profile $part" -f -a "--prompts --responses --tool-details --raw-api-bodies --description --extends --claude-config-dir --budget --help"
end
complete -c cclaunch -n "__cclaunch_in profile delete" -f -a "--yes --help"
complete -c cclaunch -n "__cclaunch_in profile export" -f -a "--yes --help"
complete -c cclaunch -n "__cclaunch_in profile import" -f -a "--name --yes --accept --help"
for part in rename edit bind unbind
    complete -c cclaunch -n "__cclaunch_in profile $part" -f -a --help
end
# Files and directories, once something of their name is typed.
for part in bind unbind export import
    complete -c cclaunch -n "__cclaunch_in profile $part; and string match -qr '^[^-]' -- (commandline -ct)" -F
end
