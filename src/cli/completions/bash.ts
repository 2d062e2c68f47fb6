import type { Command } from "../command_line.ts";
import { argumentOf, type Completion, flagsOf, quoted } from "./vocabulary.ts";

/** The script by which bash, 3.2 or later, completes the program's command lines. */
export function bashCompletions(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  return `# Completes ballast in bash. Load it: source <(ballast completions bash)
_ballast_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$2")
}
_ballast_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$1")
}
_ballast() {
  COMPREPLY=()
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  if [[ $COMP_CWORD -eq 1 ]]; then
    _ballast_words ${quoted([...names, "--help", "--version"].join(" "))} "$current"
    return
  fi
  # In --flag=value, the = is a word of its own.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _ballast ballast`;
}

function commandCase(command: Command): string {
  const flags = flagsOf(command);
  const words = flags.map(({ name }) => `--${name}`).join(" ");
  const values = flags.filter(({ value }) => value !== undefined).map(({ name, completion }) =>
    `        --${name}) ${action(completion)}; return ;;\n`
  );
  return `    ${command.name})
      case "$previous" in
${values.join("")}      esac
      if [[ $current == -* ]]; then _ballast_words ${quoted(words)} "$current"
      else ${action(argumentOf(command), words)}
      fi
      ;;`;
}

/** The shell command that adds the completions; those of `otherwise` if anything can be typed. */
function action(completion: Completion, otherwise?: string): string {
  if (completion === "files") return `_ballast_files "$current"`;
  if (completion !== "anything") return `_ballast_words ${quoted(completion.join(" "))} "$current"`;
  return otherwise === undefined ? ":" : `_ballast_words ${quoted(otherwise)} "$current"`;
}
