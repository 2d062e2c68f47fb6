/**
 * Writes to the standard output, for commands that go on until nobody reads them any more.
 *
 * @param text What to write.
 * @returns Whether somebody still reads it.
 */
export async function writeOut(text: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}
