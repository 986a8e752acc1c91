functions -q claude; or function claude --wraps claude --description 'claude, launched by cclaunch while that is installed'
    if command -q cclaunch; command cclaunch -- $argv; else; command claude $argv; end
end
