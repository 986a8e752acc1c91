"""What a change of one profile means for its parent and its children: told before anything is written."""

from cclaunch.errors import AttributeRefused, CclaunchError, ConfigError, ProfileMissing, UsageError
from cclaunch.hot.paths import Paths
from cclaunch.profiles.attributes import together
from cclaunch.profiles.disk import children_of, load_profile, profile_names
from cclaunch.profiles.model import NAME_RULE, Profile, inherit, is_name


def name_trouble(paths: Paths, name: str, *, besides: str = "") -> CclaunchError | None:
    """Return why there cannot be a new profile *name*, or None; *besides* is one that goes when it comes."""
    if not is_name(name):
        return UsageError(f"`{name}` cannot be the name of a profile", cause=f"a name is {NAME_RULE}", hint="choose another name")
    for other in profile_names(paths):
        if other not in (name, besides) and other.casefold() == name.casefold():
            trouble = "many file systems would take both for one file"
            return UsageError(f"there is `{other}` already", cause=trouble, hint=f"write it `{other}`, or choose another name")
    return None


def family_troubles(paths: Paths, profile: Profile) -> list[CclaunchError]:
    """Return why *profile* (not merged, perhaps not written yet) does not go together with its parent and its children."""
    troubles: list[CclaunchError] = []
    children = children_of(paths, profile.name)
    if profile.extends == profile.name:
        troubles.append(UsageError("a profile cannot extend itself", hint="name another one"))
    elif profile.extends and children:
        cause = f"{_listed(children)} extends it already, and only one step is allowed"
        troubles.append(UsageError(f"`{profile.name}` cannot extend another profile", cause=cause))
    elif profile.extends:
        troubles += _with_parent(paths, profile)
    else:
        troubles += together(profile.attributes)
    for child in children:
        try:
            inherit(load_profile(paths, child), profile)
        except AttributeRefused as error:
            troubles.append(_apart(child, profile.name, error))
        except (ConfigError, ProfileMissing):  # it was broken before, and says so when it is used
            continue
    return troubles


def _with_parent(paths: Paths, profile: Profile) -> list[CclaunchError]:
    try:
        parent = load_profile(paths, profile.extends)
        if parent.extends:
            cause = f"it extends `{parent.extends}` itself, and only one step is allowed"
            return [UsageError(f"`{parent.name}` cannot be a parent", cause=cause, hint=f"--extends {parent.extends}")]
        inherit(profile, parent)
    except AttributeRefused as error:
        return [_apart(profile.name, profile.extends, error)]
    except (ConfigError, ProfileMissing) as error:
        return [error]
    return []


def _apart(child: str, parent: str, error: AttributeRefused) -> CclaunchError:
    what = f"`{child}` and its parent `{parent}` do not go together"
    return UsageError(what, cause=f"{error.message}; {error.cause}", hint=error.hint)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def refuse(troubles: list[CclaunchError], otherwise: str = "nothing was written") -> None:
    """Return when there are no *troubles*. Raises the one that there is, or one error that tells them all."""
    if len(troubles) == 1:
        raise troubles[0]
    if troubles:
        told = [f"{one.message}{f': {one.cause}' if one.cause else ''}{f' ({one.hint})' if one.hint else ''}" for one in troubles]
        raise UsageError(f"{len(troubles)} things are wrong; {otherwise}", cause="\n".join(told))
