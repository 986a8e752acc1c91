def --wrapped claude [...rest] {
    if (which cclaunch | is-not-empty) { ^cclaunch -- ...$rest } else { ^claude ...$rest }
}
