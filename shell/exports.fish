set -l __cclaunch_f 'CCLAUNCH_FILE'
test -f $__cclaunch_f -a -r $__cclaunch_f -a -O $__cclaunch_f; and read -lz __cclaunch <$__cclaunch_f
string match -q '*# whole*' -- $__cclaunch; and eval $__cclaunch
#: variable
if not set -q CCLAUNCH_NAME; set -gx CCLAUNCH_NAME CCLAUNCH_VALUE; end
#: end
