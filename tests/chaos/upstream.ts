/**
 * A server to be killed, run as a process of its own: `upstream.ts PORT INDEX LOG DELAY`. It writes
 * the id of each POST and PATCH to the log, synchronously and before anything else, so that no kill loses one.
 * The line "break" on its standard input lets it break off a share of its responses, "mend" ends that:
 * signals that come close together may be seen in any order. SIGTERM lets it accept no more
 * connections and end as soon as those that there are have been closed.
 */
import { connect, createServer, type Socket } from "node:net";
import { contentAt } from "./content.ts";
import { pace } from "./pace.ts";
import { joined, readRequests, type UpstreamHead } from "./upstream_reader.ts";

/** How many responses in a hundred are broken off from "break" to "mend". */
const BROKEN_PERCENT = 30;

const [port, index, logPath, delay] = Deno.args;
const log = Deno.openSync(logPath!, { append: true, create: true, write: true });
let breaks = false;

function logId(head: UpstreamHead): void {
  const id = head.fields.get("x-id");
  if (head.method === "POST" || head.method === "PATCH") {
    log.writeSync(new TextEncoder().encode(`${id} ${index}\n`));
  }
}

async function answer(socket: Socket, head: UpstreamHead, received: Uint8Array): Promise<void> {
  const query = new URL(head.target, "http://localhost").searchParams;
  const number = (name: string) => Number(query.get(name) ?? 0);
  let content = new TextEncoder().encode("fine\n");
  if (query.has("echo")) content = received.slice();
  else if (query.has("size")) content = contentAt(number("offset"), number("size")).slice();
  const chunked = query.has("chunked");
  const type = number("offset") % 2 === 0 ? "text/plain" : "application/octet-stream";
  const framing = chunked ? "transfer-encoding: chunked" : `content-length: ${content.length}`;
  const start =
    `HTTP/1.1 200 OK\r\nx-server: ${index}\r\ncontent-type: ${type}\r\n${framing}\r\n\r\n`;
  const middle = Math.floor(content.length / 2);
  const [first, second] = chunked
    ? inChunks(content, middle, number("offset") % 3 > 0)
    : [content.subarray(0, middle), content.subarray(middle)];
  const broken = breaks && query.size > 0 && Math.random() * 100 < BROKEN_PERCENT;
  // Some break off before the first byte, the others in the middle; some with FIN, some with RST.
  if (!broken || Math.random() < 0.8) {
    socket.write(start);
    socket.write(first!);
  }
  const wait = number("delay");
  if (wait > 0) await pace(wait);
  if (!broken) {
    socket.write(second!);
    return;
  }
  // Written data must arrive before the reset.
  await pace(5);
  if (Math.random() < 0.5) socket.destroy();
  else socket.resetAndDestroy();
}

/** Content in one chunk or two (RFC 9112 §7.1), in two pieces that break where the content does. */
function inChunks(content: Uint8Array, middle: number, two: boolean): [Uint8Array, Uint8Array] {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const size = (length: number) => bytes(`${length.toString(16)}\r\n`);
  const [one, other] = [content.subarray(0, middle), content.subarray(middle)];
  const end = bytes("\r\n0\r\n\r\n");
  return two
    ? [joined(size(one.length), one, bytes("\r\n")), joined(size(other.length), other, end)]
    : [joined(size(content.length), one), joined(other, end)];
}

async function followOrders(): Promise<void> {
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    breaks = text.trimEnd().endsWith("break");
  }
  // Whoever started it is gone.
  Deno.exit(0);
}

if (import.meta.main) {
  followOrders();
  await pace(Number(delay));
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    readRequests(socket, { onHead: logId, onRequest: answer });
  });
  Deno.addSignalListener("SIGTERM", () => server.close(() => Deno.exit(0)));
  server.listen(Number(port), "127.0.0.1", () => {
    // A reader of this line may rely on connections being accepted.
    const self = connect(Number(port), "127.0.0.1", () => {
      self.destroy();
      Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
    });
  });
}
