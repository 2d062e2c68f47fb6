import type { Command } from "../command_line.ts";
import { argumentOf, type Completion, flagsOf, quoted } from "./vocabulary.ts";

/** The script by which zsh completes the program's command lines. */
export function zshCompletions(commands: readonly Command[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef ballast
# Completes ballast in zsh. Load it behind compinit: source <(ballast completions zsh)
_ballast() {
  local -a commands=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    _values option '--help[show the help]' '--version[show the version]'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _ballast ]]; then _ballast "$@"; else compdef _ballast ballast; fi`;
}

function commandCase(command: Command): string {
  const specs = flagsOf(command).map(({ name, help, value, completion }) =>
    value === undefined
      ? `--${name}[${escaped(help)}]`
      : `--${name}=[${escaped(help)}]:${value}:${action(completion)}`
  );
  const { argument } = command;
  if (argument !== undefined) specs.push(`1:${argument}:${action(argumentOf(command))}`);
  return `    ${command.name})
      _arguments \\
${specs.map((spec) => `        ${quoted(spec)}`).join(" \\\n")}
      ;;`;
}

function action(completion: Completion): string {
  if (completion === "files") return "_files";
  return completion === "anything" ? " " : `(${completion.join(" ")})`;
}

/** Escapes the characters that would end the description of a flag. */
function escaped(help: string): string {
  return help.replace(/[\[\]\\:]/g, "\\$&");
}
