/** A block of an event stream. */
export interface EventBlock {
  /** The last id of the stream, by which it can be resumed. */
  readonly id: string;
  /** The data; empty for a block that only sets the id. */
  readonly data: string;
}

/** The longest block, in UTF-16 code units. A balancer never sends one that long. */
const BLOCK_MAX = 1_048_576;

/**
 * Parses server-sent events (WHATWG HTML §9.2.6).
 *
 * @param onRead Called whenever data arrives, comments included.
 * @throws {SyntaxError} If a block is too long.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onRead: () => void = () => {},
): AsyncGenerator<EventBlock> {
  let rest = "";
  let id = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    onRead();
    // A carriage return at the end may be the first half of a CRLF.
    const all = rest + text;
    const half = all.endsWith("\r") ? 1 : 0;
    const blocks = all.slice(0, all.length - half).replace(/\r\n?/g, "\n").split("\n\n");
    rest = blocks.pop()! + all.slice(all.length - half);
    if (rest.length > BLOCK_MAX) throw new SyntaxError("a block is too long");
    for (const block of blocks) {
      const fields = block.split("\n").map(readField);
      id = fields.findLast(([name]) => name === "id")?.[1] ?? id;
      const data = fields.filter(([name]) => name === "data").map(([, value]) => value);
      yield { id, data: data.join("\n") };
    }
  }
}

function readField(line: string): [name: string, value: string] {
  const [, name = line, value = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
  return [name, value];
}
