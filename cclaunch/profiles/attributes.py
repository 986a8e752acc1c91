"""
The rules for a resource attribute that a person writes.

A name that Claude Code, Prometheus or ``usage`` already uses would be overwritten here and show up there,
and one value of a release too long loses every attribute without a word. So what cannot arrive unchanged
on every road is refused when it is written, with the reason and the mend.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from cclaunch.errors import AttributeRefused
from cclaunch.hot.attributes import KEY_CHARACTERS, KEY_START, LONGEST, MOST_PAIRS, encode

AUTOMATIC = 5
"""Pairs that a launch adds itself: profile, instance id, repository, branch and host."""

MOST_WRITTEN = MOST_PAIRS - AUTOMATIC

EXACT = ("vcs.repository.name", "vcs.ref.head.name", "host.name")
"""Names that a launch fills in and a person may overrule, but only in this spelling."""

STORES = "job instance le quantile otel.scope.name otel.scope.version scope.name scope.version severity_number severity_text"

USAGE = "day profile session repository requests"

LAUNCHER = "service.instance.id"

PROCESS = "service.name service.version host.arch os.type os.version wsl.version"

COMMON = """
session.id user.id user.email user.account_uuid user.account_id organization.id terminal.type
event.name event.timestamp event.sequence prompt.id app.version app.entrypoint
"""

METRIC = """
model type start_type query_source effort speed agent.name skill.name plugin.name marketplace.name
mcp_server.name mcp_tool.name tool_name decision source language
"""

EVENT = """
prompt prompt_text prompt_length command_name command_source input_tokens output_tokens cache_read_tokens
cache_creation_tokens cache_creation_5m_tokens cache_creation_1h_tokens cost_usd cost_usd_micros duration_ms ttft_ms
request_id client_request_id response response_length message.id message.uuid tool_use_id tool_parameters tool_input
tool_source tool_class permission_mode success tool_input_size_bytes tool_result_size_bytes error error_type error_code
error_count decision_source decision_type mcp_server_scope status status_code attempt total_attempts
total_retry_duration_ms server_fallback_hop has_category has_explanation agent_type agent_id agent.source is_built_in
is_async total_tokens total_tool_uses final_model model_swapped transport_type server_scope server_name is_plugin
trigger pre_tokens post_tokens precompute_reuse from_mode to_mode mention_type safe_mode stdout_chars
additional_context_chars system_message_chars initial_user_message_chars num_outputs_persisted body body_ref
body_length body_truncated request_body_id plugin.scope enabled_via plugin_id_hash has_hooks has_mcp host_owned_mcp
skill_path_count command_path_count agent_path_count managed_settings.trigger managed_settings.source_behavior
managed_settings.helper.state managed_settings.helper.applied managed_settings.sources result period_days used_default
sandbox_enabled sandbox_violation_count classifier_category
"""
"""What the events of Claude Code carry beside the common ones, in any release that the tests run."""

REASONS = {
    STORES: "the stores give a label of this name a meaning of their own",
    USAGE: "`cclaunch usage --by` gives this word a meaning of its own",
    LAUNCHER: "every launch mints a fresh one",
    PROCESS: "Claude Code fills it in for its own process",
    COMMON: "Claude Code sends its own on every metric and event",
    METRIC: "Claude Code sends its own on metrics and events",
    EVENT: "Claude Code sends its own on some events",
}

RESERVED: Mapping[str, str] = {name: reason for names, reason in REASONS.items() for name in names.split()}
"""Name -> why it is not a person's to set."""

RESERVED_PREFIXES: Mapping[str, str] = {
    "cclaunch.": "such names are set by cclaunch itself",
    "anthropic.": "Claude Code sends its own on every metric and event",
}

KEY_RULE = "a letter, then letters, digits, `.`, `_` or `-`"


def fold(key: str) -> str:
    """Return the Prometheus label that *key* becomes: ``a.b``, ``a-b`` and ``a_b`` are one."""
    return key.replace(".", "_").replace("-", "_")


_FOLDED = {fold(name): name for name in (*RESERVED, *EXACT)}


def check_attribute(key: str, value: str, profile: str = "NAME") -> None:
    """
    Say nothing when *key* = *value* (plain text), said by *profile*, arrives unchanged on every road.

    Raises:
        AttributeRefused: With the reason and the mend.
    """
    check_key(key)
    check_value(key, value, profile)


def check_key(key: str) -> None:
    """Raise AttributeRefused when *key* cannot be, or must not be, the name of an attribute."""
    if len(key) > LONGEST:
        raise AttributeRefused(
            f"the attribute name `{key[:20]}…` is too long",
            cause=f"it has {len(key)} characters, and at most {LONGEST} arrive",
            hint=f"choose a name of at most {LONGEST} characters",
        )
    if not key or key[0] not in KEY_START or not KEY_CHARACTERS.issuperset(key):
        better = re.sub(r"[^A-Za-z0-9._-]+", "_", key).strip("._-").lstrip("0123456789._-")
        raise AttributeRefused(
            f"`{key}` cannot be the name of an attribute",
            cause=f"a name is {KEY_RULE}; one that is not makes Claude Code drop attributes silently",
            hint=f"write it `{better}`, for instance" if better and not reserved(better)[1] else f"choose a name of {KEY_RULE}",
        )
    name, reason = reserved(key)
    if not reason:
        return
    if name.endswith("."):
        raise AttributeRefused(
            f"the attribute name `{key}` is reserved",
            cause=f"{_same_label(key, name)}{reason}",
            hint=f"choose a name that does not begin with `{key[: len(name)]}`",
        )
    if name in EXACT:
        raise AttributeRefused(f"the attribute name `{key}` is reserved", cause=reason, hint=f"write it `{name}`")
    raise AttributeRefused(
        f"the attribute name `{key}` is reserved",
        cause=f"{_same_label(key, name)}{reason}",
        hint=f"choose another name, `work.{key}` for instance",
    )


def reserved(key: str) -> tuple[str, str]:
    """Return (reserved name or prefix, reason), or two empty strings when *key* is free."""
    folded = fold(key)
    for prefix, reason in RESERVED_PREFIXES.items():
        if folded.startswith(fold(prefix)):
            return prefix, reason
    name = _FOLDED.get(folded, "")
    if name in EXACT:
        return ("", "") if key == name else (name, f"to Prometheus it is the same label as `{name}`, which every launch fills in")
    return name, RESERVED.get(name, "")


def _same_label(key: str, name: str) -> str:
    return "" if key.startswith(name) else f"to Prometheus it is the same label as `{name}{'*' if name.endswith('.') else ''}`: "


def check_value(key: str, value: str, profile: str = "NAME") -> None:
    """Raise AttributeRefused when *value*, the plain text, cannot be sent as the value of *key*, which *profile* says."""
    if not value:
        raise AttributeRefused(
            f"the attribute `{key}` has no value",
            cause="an empty one arrives as an empty string, which cannot be told from none",
            hint=f"write {key}=VALUE, or take it back: cclaunch profile unset {profile} {key}",
        )
    for character in value:
        if unicodedata.category(character) == "Cc":
            raise AttributeRefused(
                f"the value of the attribute `{key}` holds a control character",
                cause=f"U+{ord(character):04X}: it would drive the terminals and break the files that show it",
                hint="write it without line breaks, tabs and other control characters",
            )
        if "\ud800" <= character <= "\udfff":
            raise AttributeRefused(
                f"the value of the attribute `{key}` is not valid Unicode",
                cause=f"it holds the lone surrogate U+{ord(character):04X}: bytes that are no UTF-8",
                hint="write it in UTF-8",
            )
    encoded = len(encode(value))
    if encoded > LONGEST:
        raise AttributeRefused(
            f"the value of the attribute `{key}` is too long",
            cause=f"encoded it has {encoded} characters, and at most {LONGEST} arrive; one longer value can lose every attribute",
            hint=f"shorten it by {encoded - LONGEST} or more; every byte beyond letters, digits and `-._~` counts as 3",
        )


def check_together(attributes: Mapping[str, str]) -> None:
    """
    Say nothing when the pairs of one profile, those of its parent included, can be sent together.

    Raises:
        AttributeRefused: There are too many, or two names are one label to Prometheus.
    """
    for trouble in together(attributes):
        raise trouble


def together(attributes: Mapping[str, str]) -> Iterator[AttributeRefused]:
    """Give each reason for which *attributes*, the parent's included, cannot be sent together."""
    if len(attributes) > MOST_WRITTEN:
        yield AttributeRefused(
            f"these are {len(attributes)} attributes",
            cause=f"a launch sends at most {MOST_PAIRS}, and {AUTOMATIC} of them are its own",
            hint=f"a profile may have {MOST_WRITTEN}, those of its parent included: cclaunch profile unset NAME KEY",
        )
    seen: dict[str, str] = {}
    for key in attributes:
        before = seen.setdefault(fold(key), key)
        if before != key:
            yield AttributeRefused(
                f"the attribute names `{before}` and `{key}` cannot stand beside each other",
                cause=f"to Prometheus both are the label `{fold(key)}`",
                hint="keep one of them",
            )
