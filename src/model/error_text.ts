/** How deep a chain of causes is searched for a message. */
const DEPTH_MAX = 5;

/**
 * The text of an error, for the end of a sentence: its message; if that is empty, those of its inner
 * errors or its cause (Node's for a name with several addresses); failing that, its code or name.
 *
 * @param error The thrown value.
 */
export function errorText(error: unknown): string {
  return textOf(error, DEPTH_MAX) ?? nameOf(error);
}

function textOf(error: unknown, depth: number): string | undefined {
  if (depth === 0 || error === undefined || error === null) return undefined;
  if (!(error instanceof Error)) return String(error).trim() || undefined;
  if (error.message.trim() !== "") return error.message;
  const inside = error instanceof AggregateError ? error.errors : [error.cause];
  const texts = inside.map((each) => textOf(each, depth - 1)).filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : [...new Set(texts)].join("; ");
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "an unknown error";
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && code !== "") return code;
  return error.name === "Error" ? "an unknown error" : error.name;
}
