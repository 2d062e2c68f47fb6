import { writeOut } from "../output/print.ts";

/** Switches to the alternate screen and hides the cursor. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE_END = "\x1b[K";
const CLEAR_REST = "\x1b[J";

/** The terminal as a screen to draw on. Disposing of it restores the terminal. */
export class Screen implements AsyncDisposable {
  private constructor() {}

  /** Takes over the terminal. */
  static async open(): Promise<Screen> {
    await writeOut(ENTER);
    return new Screen();
  }

  /** The usable columns and lines. The last column is left out, as some terminals wrap there. */
  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = Deno.consoleSize();
    return { width: Math.max(1, columns - 1), height: Math.max(1, rows) };
  }

  /**
   * Replaces the lines on the screen in one write, so that nothing flickers.
   *
   * @param lines The lines, which must fit.
   * @returns Whether they were written; false if the terminal is gone.
   */
  draw(lines: readonly string[]): Promise<boolean> {
    const text = lines.map((line) => line + CLEAR_LINE_END).join("\r\n");
    return writeOut(HOME + text + CLEAR_REST);
  }

  /** Restores the terminal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await writeOut(LEAVE);
  }
}
