"""Completion scripts: tables of what can be typed where, and a few lines that look into them."""

import shlex
from collections.abc import Callable, Iterator, Sequence

from speechsent.cli.tree import FILES, NOTHING, Option, Place, Value

# Understood by bash and zsh. A word that the table knows as an option with a value makes the next
# one its value; a word that leads to a command makes the path longer.
LOOKUP = r"""
_speechsent_candidates() {
  local cur=$1 at=speechsent pending= word
  shift 2
  for word in "$@"; do
    if [ "$word" = "=" ]; then continue; fi
    if [ -n "$pending" ]; then pending=; continue; fi
    if _speechsent_table "$at" "$word" >/dev/null; then
      pending=$word
    elif _speechsent_table "$at $word" options >/dev/null; then
      at="$at $word"
    fi
  done
  if [ -n "$pending" ]; then
    _speechsent_table "$at" "$pending"
    return
  fi
  case $cur in
    --*=*) _speechsent_table "$at" "${cur%%=*}" ;;
    -*) _speechsent_table "$at" options ;;
    *) _speechsent_table "$at" words ;;
  esac
}
"""
BASH = r"""
_speechsent() {
  local cur=${COMP_WORDS[COMP_CWORD]} found IFS=$'\n'
  if [ "$cur" = "=" ]; then cur=; fi
  found=$(_speechsent_candidates "$cur" "${COMP_WORDS[@]:0:COMP_CWORD}")
  if [ "$found" = :files ]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$found" -- "$cur"))
  fi
}
complete -F _speechsent speechsent
"""
ZSH = r"""
_speechsent() {
  local found
  found=$(_speechsent_candidates "${words[CURRENT]}" "${(@)words[1,CURRENT-1]}")
  compset -P '--*='
  if [[ $found == :files ]]; then
    _files
  else
    compadd -- ${(f)found}
  fi
}
if [ "$funcstack[1]" = _speechsent ]; then
  _speechsent "$@"
else
  compdef _speechsent speechsent
fi
"""
FISH = r"""
function __speechsent_at
  set -l at speechsent
  for word in (commandline -opc)[2..-1]
    if contains -- "$at $word" $__speechsent_places
      set at "$at $word"
    end
  end
  test "$at" = "$argv"
end
complete -c speechsent -f
"""


def bash(found: Sequence[Place]) -> str:
    """The script for bash."""
    return f"# bash completion for speechsent\n{_table(found)}{LOOKUP}{BASH}"


def zsh(found: Sequence[Place]) -> str:
    """The script for zsh."""
    return f"#compdef speechsent\n{_table(found)}{LOOKUP}{ZSH}"


def fish(found: Sequence[Place]) -> str:
    """The script for fish, with a line of help for each word."""
    names = " ".join(_fish_quoted(" ".join(place.path)) for place in found)
    lines = [line for place in found for line in _fish_lines(place)]
    head = f"# fish completion for speechsent\nset -g __speechsent_places {names}\n"
    return head + FISH + "\n".join(lines) + "\n"


SHELLS: dict[str, Callable[[Sequence[Place]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def _table(found: Sequence[Place]) -> str:
    """A shell function that prints what can follow a word at a place, or fails."""
    rows = "\n".join(row for place in found for row in _rows(place))
    return f'_speechsent_table() {{\n  case "$1|$2" in\n{rows}\n    *) return 1 ;;\n  esac\n}}\n'


def _rows(place: Place) -> Iterator[str]:
    at = " ".join(place.path)
    yield _row(at, "options", tuple(name for option in place.options for name in option.names))
    yield _row(at, "words", tuple(place.commands) or place.value)
    for option in place.options:
        for name in option.names if option.value is not None else ():
            yield _row(at, name, option.value or NOTHING)


def _row(at: str, word: str, value: Value) -> str:
    if isinstance(value, tuple):
        shown = "printf '%s\\n' " + " ".join(map(shlex.quote, value))
    else:
        shown = "echo :files" if value == FILES else ":"
    return f"    {shlex.quote(f'{at}|{word}')}) {shown} ;;"


def _fish_lines(place: Place) -> Iterator[str]:
    start = f"complete -c speechsent -n {_fish_quoted('__speechsent_at ' + ' '.join(place.path))}"
    for name, text in place.commands.items():
        yield f"{start} -a {name} -d {_fish_quoted(text)}"
    if not place.commands and place.value != NOTHING:
        yield f"{start} {_fish_value(place.value)}"
    for option in place.options:
        yield f"{start} {_fish_names(option)} -d {_fish_quoted(option.help)}"


def _fish_names(option: Option) -> str:
    names = [f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names]
    value = () if option.value is None else (_fish_option_value(option.value),)
    return " ".join((*names, *value))


def _fish_option_value(value: Value) -> str:
    return "-r -F" if value == FILES else "-x" if value == NOTHING else f"-x {_fish_value(value)}"


def _fish_value(value: Value) -> str:
    return "-F" if isinstance(value, str) else f"-a {_fish_quoted(' '.join(value))}"


def _fish_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
