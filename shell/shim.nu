do --env { let f = 'CCLAUNCH_SHIM'; if ($f | path join claude | path exists) and ($env.PATH | first) != $f { $env.PATH = ($env.PATH | prepend $f | uniq) } }
