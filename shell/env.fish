begin
    set -l before "$__CCLAUNCH_BLOCK"
    set -q __CCLAUNCH_RC; and set before ''
    set -l after ''
    #: variable
    string match -q '*,CCLAUNCH_NAME:*' -- "$__CCLAUNCH_RC"; and set -e CCLAUNCH_NAME
    if string match -q 'b*.CCLAUNCH_KEYCCLAUNCH_HASH*' -- $before; and set -q CCLAUNCH_NAME
        set after $after.CCLAUNCH_KEYCCLAUNCH_HASH
    else if string match -q 'b*.CCLAUNCH_KEY*' -- $before; or not set -q CCLAUNCH_NAME
        set -gx CCLAUNCH_NAME 'CCLAUNCH_VALUE'
        set after $after.CCLAUNCH_KEYCCLAUNCH_HASH
    end
    #: gone
    string match -q '*,CCLAUNCH_NAME:*' -- "$__CCLAUNCH_RC"; and set -e CCLAUNCH_NAME
    string match -q 'b*.CCLAUNCH_KEY*' -- $before; and set -e CCLAUNCH_NAME
    #: end
    if string match -qr '^(b|$)' -- $before
        set -gx __CCLAUNCH_BLOCK b$after
    else if test -n "$after"
        set -gx __CCLAUNCH_BLOCK $before,l$after
    end
    set -e __CCLAUNCH_RC
end
# whole
