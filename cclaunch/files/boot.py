"""Which boot of the machine this is: what tells a process of today from one that had its number before."""


def boot_id() -> str:
    """Return what tells this boot of the machine from others; empty where nothing does."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
