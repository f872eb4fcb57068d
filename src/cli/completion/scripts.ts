/** The shells that completions are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The command that the scripts ask; it is for them alone. */
export const ASKED = "__complete";
/** A line of its answer: any file may stand here. */
export const ANY_FILE = ":files";

/** What a shell has to read once; the words come from the program, each time anew. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

// Bash takes a colon for the end of a word, so what stands before it is taken off each answer.
const BASH = `# bash completion of sluice: source it, or keep it as /etc/bash_completion.d/sluice
_sluice() {
  local line="\${COMP_LINE:0:COMP_POINT}" words=() current value
  read -ra words <<< "$line"
  [[ "$line" == *[[:blank:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [[ "$value" == "${ANY_FILE}" ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "\${current#--*=}")
      return
    fi
    COMPREPLY+=("$value")
  done < <("\${words[0]}" ${ASKED} -- "\${words[@]:1}" 2>/dev/null)
  local mark before
  for mark in : =; do
    [[ "$current" == *"$mark"* && "$COMP_WORDBREAKS" == *"$mark"* ]] || continue
    before="\${current%"\${current##*"$mark"}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  done
}
complete -F _sluice sluice
`;

const ZSH = `#compdef sluice
# zsh completion of sluice: source it after compinit, or keep it as _sluice in a folder of $fpath
_sluice() {
  local -a answers values
  local answer value colon='\\:'
  answers=("\${(@f)$("\${words[1]}" ${ASKED} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for answer in $answers; do
    if [[ "$answer" == ${ANY_FILE} ]]; then
      _files
      return
    fi
    value="\${answer%%$'\\t'*}"
    values+=("\${value//:/$colon}:\${answer#*$'\\t'}")
  done
  (( \${#values} )) && _describe sluice values
}
if [[ "\${funcstack[1]}" == _sluice ]]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`;

const FISH = `# fish completion of sluice: source it, or keep it as ~/.config/fish/completions/sluice.fish
function __sluice_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answers ($words[1] ${ASKED} -- $words[2..-1] 2>/dev/null)
  if contains -- ${ANY_FILE} $answers
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $answers
  end
end
complete -c sluice -f -a '(__sluice_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
