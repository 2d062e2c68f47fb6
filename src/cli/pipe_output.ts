/**
 * Writes to the standard output for as long as somebody reads it: whoever pipes a command into one
 * that ends first wants it to end too.
 */
export class PipeOutput {
  readonly #encoder = new TextEncoder();

  /**
   * Writes a line.
   *
   * @param line The line, without its end.
   * @returns Whether it was taken; false once the reader has gone.
   */
  async writeLine(line: string): Promise<boolean> {
    let bytes = this.#encoder.encode(`${line}\n`);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(await Deno.stdout.write(bytes));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      throw error;
    }
  }
}
