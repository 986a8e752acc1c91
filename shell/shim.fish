set -l __cclaunch_f 'CCLAUNCH_SHIM'; test -x $__cclaunch_f/claude; and test "$PATH[1]" != $__cclaunch_f; and set -gx PATH $__cclaunch_f $PATH
