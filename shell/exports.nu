do --env {
    let file = 'CCLAUNCH_FILE'
    let ours = (try { if ($file | path type) == "file" { open --raw $file | from json } } catch { null } | default {rows: []})
    let first = ($env.__CCLAUNCH_RC? | default "")
    let old = if $first == "" { $env.__CCLAUNCH_BLOCK? | default "" } else { "" }
    let rows = ($ours.rows | each {|r|
        let same = ($old | str starts-with "b") and ($old | str contains $r.entry) and $r.name in $env
        let listed = ($first | str contains $",($r.name):") or (($old | str starts-with "b") and ($old | str contains $r.key))
        $r | insert same $same | insert set ($r.value != null and not $same and ($listed or $r.name not-in $env)) | insert listed $listed
    })
    hide-env -i ...($rows | where {|r| $r.value == null and $r.listed} | each {|r| $r.name})
    load-env ($rows | where set | reduce -f {} {|r, all| $all | insert $r.name $r.value})
    let after = ($rows | where {|r| $r.same or $r.set} | each {|r| $r.entry} | str join)
    if ($ours.rows | is-not-empty) { hide-env -i __CCLAUNCH_RC; $env.__CCLAUNCH_BLOCK = if $old =~ "^(b|$)" { $"b($after)" } else if $after == "" { $old } else { $"($old),l($after)" } }
}
#: variable
if "CCLAUNCH_NAME" not-in $env { $env.CCLAUNCH_NAME = "CCLAUNCH_VALUE" }
#: end
