export const shells = ['bash', 'zsh', 'fish'] as const;

export type ShellName = (typeof shells)[number];

// Each script only passes the line to the program, because shells split words differently.

const BASH = String.raw`# bash completion for kitectl
_kitectl() {
  local line=${'$'}{COMP_LINE:0:COMP_POINT} cur=${'$'}{COMP_WORDS[COMP_CWORD]} value
  # bash splits words at : and =, and replaces only the last part.
  [[ $cur == : || $cur == = ]] && cur=
  local typed=${'$'}{line##*[[:space:]]}
  local before=${'$'}{typed%"$cur"}
  # It splits words at @ as well, and replaces it.
  before=${'$'}{before%@}
  COMPREPLY=()
  while IFS=$'\t' read -r value _; do
    if [[ $value == :files ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
    fi
    [[ $value == *[=:/] ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("${'$'}{value#"$before"}")
  done < <(kitectl complete --line "$line" 2>/dev/null)
}
complete -F _kitectl kitectl
`;

const ZSH = String.raw`#compdef kitectl
# zsh completion for kitectl
_kitectl() {
  local -a candidates open
  local value description
  while IFS=$'\t' read -r value description; do
    if [[ $value == :files ]]; then
      _files
      return
    fi
    if [[ $value == *[=:/] ]]; then
      open+=("${'$'}{value//:/\\:}${'$'}{description:+:$description}")
    else
      candidates+=("${'$'}{value//:/\\:}${'$'}{description:+:$description}")
    fi
  done < <(kitectl complete -- "${'$'}{(@Q)words[2,CURRENT]}" 2>/dev/null)
  _describe kitectl candidates
  _describe kitectl open -S ''
}
# If this file is autoloaded from fpath, it is the function itself.
if [[ $funcstack[1] == _kitectl ]]; then
  _kitectl "$@"
else
  compdef _kitectl kitectl
fi
`;

const FISH = String.raw`# fish completion for kitectl
function __kitectl_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l candidates (kitectl complete -- $words[2..-1] 2>/dev/null)
  if test "$candidates[1]" = :files
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $candidates
  end
end
complete -c kitectl -f -a '(__kitectl_complete)'
`;

const SCRIPTS: Readonly<Record<ShellName, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Returns the completion script for a shell. */
export function completionScript(shell: ShellName): string {
  return SCRIPTS[shell];
}
