/** A file that is there until it is disposed of. */
export interface TemporaryFile extends AsyncDisposable {
  /** Where it is. */
  readonly path: string;
}

/** Makes a file with this content. */
export async function makeTemporaryFile(
  content: string | Uint8Array,
  suffix = ".yaml",
): Promise<TemporaryFile> {
  const path = await Deno.makeTempFile({ suffix });
  await Deno.writeFile(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
