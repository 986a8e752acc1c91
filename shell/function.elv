fn claude {|@words|
  if (has-external cclaunch) { (external cclaunch) -- $@words } else { (external claude) $@words }
}
