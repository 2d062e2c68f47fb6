import { assert, assertEquals } from "@std/assert";
import { createAdmin } from "../../src/admin/handler.ts";
import { LoadBalancer } from "../../src/balancer/load_balancer.ts";
import { HOSTILE_BODIES, type HostileBody, SERVER_URL } from "./hostile_bodies.ts";

/** Admin API on a real socket, of a balancer with one server without health checks. */
class AdminServer implements AsyncDisposable {
  readonly #balancer = new LoadBalancer({
    servers: [{ url: SERVER_URL, name: "one", weight: 2, healthCheckPeriod: 0 }],
  });
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    createAdmin(this.#balancer).fetch,
  );

  get port(): number {
    return this.#server.addr.port;
  }

  async post(path: string, hostile: HostileBody): Promise<Response> {
    return await this.send("POST", path, hostile);
  }

  async send(method: string, path: string, { body, type }: HostileBody): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: type === undefined ? {} : { "content-type": type },
      body,
    });
  }

  /** Sends raw bytes, closes the sending side, and reads the whole response. */
  async raw(text: string): Promise<string> {
    using socket = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    await socket.write(new TextEncoder().encode(text));
    await socket.closeWrite();
    const buffer = new Uint8Array(4096);
    const decoder = new TextDecoder();
    let answer = "";
    for (let count = await socket.read(buffer); count !== null; count = await socket.read(buffer)) {
      answer += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
    return answer;
  }

  async servers(): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${this.port}/servers`)).text();
  }

  async assertAlive(): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.port}/healthz`);
    assertEquals(await response.json(), { status: "ok", servers: 1, healthy: 1 });
    assertEquals(response.status, 200);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await this.#balancer.close();
  }
}

async function assertRefused(response: Response): Promise<void> {
  const text = await response.text();
  assert(response.status >= 400 && response.status <= 499, `${response.status} ${text}`);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  const { errors } = JSON.parse(text);
  assert(Array.isArray(errors) && errors.length > 0, `no errors in ${text}`);
  for (const { field, detail } of errors) {
    assert(typeof field === "string" && field !== "", `a fault without field in ${text}`);
    assert(typeof detail === "string" && detail !== "", `a fault without detail in ${text}`);
  }
}

Deno.test("there are many hostile bodies, each with its own name", () => {
  assert(HOSTILE_BODIES.length >= 40);
  assertEquals(new Set(HOSTILE_BODIES.map(({ name }) => name)).size, HOSTILE_BODIES.length);
});

for (const path of ["/add", "/update", "/delete"]) {
  Deno.test(`POST ${path} refuses every hostile body, and nothing has changed`, async (test) => {
    await using server = new AdminServer();
    const before = await server.servers();
    for (const hostile of HOSTILE_BODIES) {
      await test.step(hostile.name, async () => {
        await assertRefused(await server.post(path, hostile));
        assertEquals(await server.servers(), before);
        await server.assertAlive();
      });
    }
  });

  Deno.test(`POST ${path} refuses a body that ends before its Content-Length`, async () => {
    await using server = new AdminServer();
    const before = await server.servers();
    const answer = await server.raw(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `content-length: 100\r\n\r\n{"url":"${SERVER_URL}"}`,
    );
    assert(answer.startsWith("HTTP/1.1 400 "), answer);
    assertEquals(await server.servers(), before);
    await server.assertAlive();
  });

  Deno.test(`POST ${path} survives a body with a broken chunk`, async () => {
    await using server = new AdminServer();
    const before = await server.servers();
    const answer = await server.raw(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `transfer-encoding: chunked\r\n\r\nzz\r\n{"url":"${SERVER_URL}"}\r\n0\r\n\r\n`,
    );
    // The runtime closes the connection, with or without an answer.
    assert(answer === "" || answer.startsWith("HTTP/1.1 400 "), answer);
    assertEquals(await server.servers(), before);
    await server.assertAlive();
  });
}

/** Bodies that are hostile only where they must name a server; here the path does. */
const HARMLESS_WITH_PATH = ["no url", "no url, but a name"];

for (const method of ["PUT", "PATCH"]) {
  Deno.test(`${method} /servers/{server} refuses every hostile body, and nothing has changed`, async (test) => {
    await using server = new AdminServer();
    const before = await server.servers();
    // In a patch, null restores the default.
    const hostile = HOSTILE_BODIES.filter(({ name }) =>
      !HARMLESS_WITH_PATH.includes(name) &&
      !(method === "PATCH" && /^(weight|health_check_period|name): null$/.test(name))
    );
    assert(hostile.length >= HOSTILE_BODIES.length - 5);
    for (const body of hostile) {
      await test.step(body.name, async () => {
        for (const path of ["/servers/one", `/servers/${encodeURIComponent(SERVER_URL)}`]) {
          await assertRefused(await server.send(method, path, body));
        }
        assertEquals(await server.servers(), before);
      });
    }
    await server.assertAlive();
  });
}

for (const field of ["if-match", "if-none-match"]) {
  Deno.test(`hostile values of ${field} are refused, and nothing has changed`, async () => {
    await using server = new AdminServer();
    const before = await server.servers();
    const commas = ",".repeat(50_000);
    const values = ["", "a", '"a', "**", "*,*", "W/*", commas, `${commas}a`, '"'.repeat(50_001)];
    for (const value of values) {
      const answer = await server.raw(
        `DELETE /servers/one HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n` +
          `${field}: ${value}\r\n\r\n`,
      );
      // The runtime itself refuses heads of some 64 KiB.
      assert(answer.startsWith("HTTP/1.1 400 "), `${value.slice(0, 20)} ${answer}`);
    }
    assertEquals(await server.servers(), before);
    await server.assertAlive();
  });
}
