import { assert, assertEquals } from "@std/assert";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { ResettableServer, ResettableSocket } from "./resettable.ts";

const BASE = "HTTP/1.1\r\nHost: a\r\n";
const LEAVES = ["close", "reset"] as const;
/** How often something that comes with an event is looked for before it counts as missing. */
const LOOKS_MAX = 2000;

/** The moment in which a client leaves. */
interface Stage {
  readonly name: string;
  /** The data that the client sends before it disconnects. */
  readonly sends: string;
  /** The server's handling of a request; the client disconnects when it returns. */
  readonly serves?: (server: ResettableSocket) => Promise<void>;
  /** The event before which the client does not disconnect, in place of the server's return. */
  readonly awaits?: string;
  /** Whether the client says before that it sends no more. */
  readonly halfClosed?: boolean;
}

async function waitForHead(server: ResettableSocket): Promise<void> {
  await server.readUntil("\r\n\r\n");
}

async function beginAnswer(server: ResettableSocket): Promise<void> {
  await waitForHead(server);
  await server.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\npart");
}

async function beginChunks(server: ResettableSocket): Promise<void> {
  await waitForHead(server);
  await server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
}

async function beginUntilClose(server: ResettableSocket): Promise<void> {
  await waitForHead(server);
  await server.write("HTTP/1.1 200 OK\r\n\r\npart");
}

const STAGES: readonly Stage[] = [
  { name: "before its first byte", sends: "" },
  { name: "in the method", sends: "GE" },
  { name: "in the head", sends: `GET / ${BASE}X: ` },
  { name: "before the last byte of the head", sends: `GET / ${BASE}\r` },
  { name: "in small content", sends: `POST / ${BASE}Content-Length: 9\r\n\r\nabc` },
  { name: "before any content", sends: `POST / ${BASE}Content-Length: 9\r\n\r\n` },
  {
    name: "when it may continue",
    sends: `POST / ${BASE}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
    awaits: "100 Continue",
  },
  {
    name: "in large content",
    sends: `POST / ${BASE}Content-Length: 100000\r\n\r\nabc`,
    serves: async (server) => void await server.readUntil("abc"),
  },
  {
    name: "in a chunk",
    sends: `POST / ${BASE}Transfer-Encoding: chunked\r\n\r\n5\r\nabc`,
    serves: async (server) => void await server.readUntil("abc"),
  },
  {
    name: "before the last chunk",
    sends: `POST / ${BASE}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    serves: async (server) => void await server.readUntil("abc"),
  },
  { name: "while it waits", sends: `GET / ${BASE}\r\n`, serves: waitForHead },
  {
    name: "while it waits, half closed",
    sends: `GET / ${BASE}\r\n`,
    serves: waitForHead,
    halfClosed: true,
  },
  {
    name: "behind an interim response",
    sends: `GET / ${BASE}\r\n`,
    serves: async (server) => {
      await waitForHead(server);
      await server.write("HTTP/1.1 103 Early Hints\r\n\r\n");
    },
  },
  { name: "in a response", sends: `GET / ${BASE}\r\n`, serves: beginAnswer, awaits: "part" },
  { name: "in chunks", sends: `GET / ${BASE}\r\n`, serves: beginChunks, awaits: "part" },
  {
    name: "in a response until the close",
    sends: `GET / ${BASE}\r\n`,
    serves: beginUntilClose,
    awaits: "part",
  },
  {
    name: "in a response, half closed",
    sends: `GET / ${BASE}\r\n`,
    serves: beginAnswer,
    awaits: "part",
    halfClosed: true,
  },
  {
    name: "in a response, with another request behind it",
    sends: `GET / ${BASE}\r\nGET /2 ${BASE}\r\n`,
    serves: beginAnswer,
    awaits: "part",
  },
  {
    name: "in a response that comes while it still sends",
    sends: `POST / ${BASE}Content-Length: 100000\r\n\r\nabc`,
    serves: beginAnswer,
    awaits: "part",
  },
];

/** Lets a client leave, and waits until nothing of it is left. */
async function depart(stage: Stage, leave: "close" | "reset"): Promise<void> {
  const { promise: served, resolve: onServed } = Promise.withResolvers<void>();
  let open = 0;
  await using server = await ResettableServer.listen(async (socket) => {
    open++;
    const first = await socket.readUntil(" ");
    if (first.includes("/marker")) {
      // It came in one piece, and is the connection's only one.
      await socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    } else {
      socket.unread(first);
      await stage.serves?.(socket);
      onServed();
      // Over when the balancer says so, and not before.
      await socket.ended();
    }
    socket.close();
    open--;
  });
  await using balancing = await serveBalancer([server.url]);
  const client = await ResettableSocket.connect(balancing.url);
  if (stage.sends !== "") await client.write(stage.sends);
  if (stage.awaits !== undefined) await client.readUntil(stage.awaits);
  else if (stage.serves !== undefined) await served;
  if (stage.halfClosed) client.endSending();
  client[leave]();
  for (let looks = 0;; looks++) {
    const answer = await exchangeRaw(balancing.url, `GET /marker ${BASE}Connection: close\r\n\r\n`);
    assert(answer.endsWith("\r\n\r\nok"), answer);
    if (open === 0 && activeRequests(balancing.balancer) === 0) return;
    if (looks < LOOKS_MAX) continue;
    // An open request would keep the balancer from closing.
    await server[Symbol.asyncDispose]();
    assert(false, `${open} connections open`);
  }
}

for (const leave of LEAVES) {
  Deno.test(`a client that leaves by ${leave} leaves nothing behind, whenever it does`, async () => {
    const rejections: string[] = [];
    function onRejection(event: PromiseRejectionEvent): void {
      event.preventDefault();
      rejections.push(String(event.reason));
    }
    globalThis.addEventListener("unhandledrejection", onRejection);
    try {
      const failures = await Promise.all(STAGES.map(async (stage) => {
        try {
          await depart(stage, leave);
          return [];
        } catch (error) {
          return [`${stage.name}: ${(error as Error).message}`];
        }
      }));
      assertEquals(failures.flat(), []);
    } finally {
      globalThis.removeEventListener("unhandledrejection", onRejection);
    }
    assertEquals(rejections, []);
  });
}
