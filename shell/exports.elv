{ use path; try { if (path:is-regular &follow-symlink=$true 'CCLAUNCH_FILE') { eval (slurp < 'CCLAUNCH_FILE') } } catch _ { nop } }
#: variable
if (not (has-env CCLAUNCH_NAME)) { set-env CCLAUNCH_NAME CCLAUNCH_VALUE }
#: end
