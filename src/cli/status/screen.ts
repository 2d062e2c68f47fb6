import { writeOut } from "../output/print.ts";

/** Another screen than the one with what was typed before; and no cursor. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE_END = "\x1b[K";
const CLEAR_REST = "\x1b[J";

/** The terminal as a screen that is drawn again and again. Disposing of it gives it back. */
export class Screen implements AsyncDisposable {
  private constructor() {}

  /** Takes the terminal. */
  static async open(): Promise<Screen> {
    await writeOut(ENTER);
    return new Screen();
  }

  /** How many columns and lines can be used. In the last column, a terminal may begin a new line. */
  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = Deno.consoleSize();
    return { width: Math.max(1, columns - 1), height: Math.max(1, rows) };
  }

  /**
   * Draws lines over those that are there, in one go, so that nothing flickers.
   *
   * @param lines The lines, which have to fit.
   * @returns Whether the terminal is still there.
   */
  draw(lines: readonly string[]): Promise<boolean> {
    const text = lines.map((line) => line + CLEAR_LINE_END).join("\r\n");
    return writeOut(HOME + text + CLEAR_REST);
  }

  /** Gives the terminal back as it was. */
  async [Symbol.asyncDispose](): Promise<void> {
    await writeOut(LEAVE);
  }
}
