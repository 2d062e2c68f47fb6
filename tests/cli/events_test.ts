import { assertEquals, assertStringIncludes } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../mod.ts";
import { runCli, RunningCli } from "../testing/run_cli.ts";

const noSignals = Deno.build.os === "windows";

function serve(
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
}

/** A balancer with two events, and its admin API. */
class Fixture implements AsyncDisposable {
  readonly balancer = new LoadBalancer();
  readonly admin = createAdmin(this.balancer);
  readonly #server = serve(this.admin.fetch);

  constructor() {
    this.balancer.add({ url: "http://a", name: "one\u202e", healthCheckPeriod: 0 });
    this.balancer.update("http://a", { weight: 5 });
  }

  get flag(): string {
    return `--api-port=${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.close();
    await this.#server.shutdown();
    await this.balancer.close();
  }
}

/** A stream of one event, which then breaks off or ends. */
function streamOf(id: string, url: string): Response {
  const server = { url, name: url };
  const data = { at: "2026-01-01T00:00:00Z", type: "added", server, previous: null, detail: null };
  const body = `id: ${id}\nevent: added\ndata: ${JSON.stringify(data)}\n\n`;
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

Deno.test("events --no-follow tells what is kept, one line an event", async () => {
  await using fixture = new Fixture();
  const { code, stdout, stderr } = await runCli("events", "--no-follow", fixture.flag);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n").map((line) => line.slice("2026-01-01T00:00:00.000Z ".length)), [
    "added     one\ufffd http://a",
    "updated   one\ufffd http://a: weight 1 → 5",
    "",
  ]);
  const last = await runCli("events", "--no-follow", "--last=1", fixture.flag);
  assertEquals(last.stdout.trimEnd().split("\n").length, 1);
});

Deno.test("events --json writes each event as one line of JSON", async () => {
  await using fixture = new Fixture();
  const { stdout } = await runCli("events", "--no-follow", "--json", fixture.flag);
  const [added, updated, ...more] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([added.type, added.server.name, added.previous], ["added", "one\u202e", null]);
  assertEquals([updated.server.weight, updated.previous.weight, more], [5, 1, []]);
  assertEquals(stdout.includes("\u202e"), false);
});

Deno.test({
  name: "events follows new events, and ends with 0 at SIGINT",
  ignore: noSignals,
  async fn() {
    await using fixture = new Fixture();
    await using program = new RunningCli("events", "--last=1", fixture.flag);
    await program.waitFor("weight 1 → 5\n");
    fixture.balancer.remove("http://a");
    await program.waitFor("removed");
    program.kill("SIGINT");
    const { code, stdout, stderr } = await program.result();
    assertEquals([code, stderr, stdout.includes("added")], [0, "", false]);
  },
});

Deno.test("events connects again, goes on where it was, and says so", async () => {
  const asked: (string | null)[] = [];
  await using server = serve((request) => {
    asked.push(request.headers.get("last-event-id"));
    if (asked.length === 2) return Response.json({ detail: "not yet" }, { status: 503 });
    return streamOf(`run-${asked.length}`, `http://server-${asked.length}`);
  });
  await using program = new RunningCli("events", `--api-port=${server.addr.port}`);
  await program.waitFor("http://server-3\n");
  assertEquals(asked.slice(0, 3), [null, "run-1", "run-1"]);
  assertStringIncludes(
    program.errors,
    "ballast: The balancer closed the stream. Reconnecting …\nballast: Reconnected\n",
  );
  await program.waitFor("http://server-4\n");
  assertEquals(asked[3], "run-3");
});

Deno.test({
  name: "events ends when nobody reads it any more",
  ignore: noSignals,
  async fn() {
    await using fixture = new Fixture();
    await using child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--allow-net", "--allow-read", "--no-prompt", "cli.ts", "events", "--last=1"],
        fixture.flag,
      ],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    fixture.balancer.update("http://a", { weight: 6 });
    const stderr = await new Response(child.stderr).text();
    assertEquals([(await child.status).code, stderr], [0, ""]);
  },
});

Deno.test("events tells in one line why it cannot begin", async () => {
  const answers: [answer: Response, message: string][] = [
    [new Response("hello"), "Cannot read the events: the server at this address is not Ballast"],
    [
      new Response("data: {}\n\n", { headers: { "content-type": "text/event-stream" } }),
      "Cannot read the events: the server at this address is not Ballast",
    ],
    [
      Response.json({ detail: "too\nmany" }, { status: 503 }),
      "The balancer refused: too\ufffdmany",
    ],
  ];
  for (const [answer, message] of answers) {
    await using server = serve(() => answer.clone());
    const result = await runCli("events", `--api-port=${server.addr.port}`);
    assertEquals(result, { code: 1, stdout: "", stderr: `ballast: ${message}\n` });
  }
  const { code, stderr } = await runCli("events", "--last=1001");
  assertEquals(code, 2);
  assertStringIncludes(stderr, '--last must be a whole number from 0 to 1000, not "1001"');
});
