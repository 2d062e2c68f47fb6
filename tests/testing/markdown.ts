import { ROOT } from "./program.ts";

/** The text of one of the project's files. */
export async function readProjectFile(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** The pages that users read, as paths in the project. */
export async function documentationPages(): Promise<string[]> {
  const files = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) files.push(`docs/${name}`);
  }
  return files;
}

/** The code blocks in a language, each without the indentation of its list. */
export function codeBlocks(text: string, language: string): string[] {
  const pattern = new RegExp(`^( *)\`\`\`${language}\\b[^\\n]*\\n([^]*?)^ *\`\`\``, "gm");
  return [...text.matchAll(pattern)].map(([, indent, code]) =>
    code!.replaceAll(new RegExp(`^${indent}`, "gm"), "")
  );
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

/** The rows of the first table behind a heading, as their cells. */
export function tableBehind(text: string, heading: string): string[][] {
  const lines = text.slice(text.indexOf(`\n## ${heading}`)).split("\n");
  const from = lines.findIndex((line) => line.startsWith("|"));
  const to = lines.findIndex((line, index) => index > from && !line.startsWith("|"));
  return lines.slice(from, to).filter((line) => !/^[|: -]+$/.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** A block of commands for a terminal. */
export interface ShellBlock {
  /** The comment in its first line; undefined if there is none. */
  readonly heading: string | undefined;
  /** The commands. */
  readonly text: string;
}

/** The blocks of commands of a page that are to be run. */
export function shellBlocks(text: string): ShellBlock[] {
  return [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => ({
    heading: /^# (.*)\n/.exec(block!)?.[1],
    text: block!.trim(),
  }));
}
