import { assertEquals, assertStringIncludes } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../mod.ts";
import { type CliResult, freePorts, runCli } from "../testing/run_cli.ts";

const URL_A = "http://127.0.0.1:3001";
const SERVER_A = {
  url: URL_A,
  name: "one",
  weight: 2,
  health_check_period: 0,
  max_connections: 0,
  draining: false,
};

const DEFAULT_NOTE = "(default: --weight was not given; --keep keeps it)";

/** An admin API over one server that is not checked, and the program's commands called on it. */
class Fixture implements AsyncDisposable {
  readonly balancer = new LoadBalancer({
    servers: [{ url: URL_A, name: "one", weight: 2, healthCheckPeriod: 0 }],
  });
  readonly #admin = serve(createAdmin(this.balancer).fetch);

  run(command: string, ...args: string[]): Promise<CliResult> {
    return runCli(command, "--api-port", String(this.#admin.addr.port), ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.shutdown();
    await this.balancer.close();
  }
}

function serve(
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
}

function done(...lines: string[]): CliResult {
  return { code: 0, stdout: lines.map((line) => `${line}\n`).join(""), stderr: "" };
}

function refused(message: string): CliResult {
  return { code: 1, stdout: "", stderr: `ballast: The balancer refused: ${message}\n` };
}

Deno.test("add-server adds a server and says with which values", async () => {
  await using fixture = new Fixture();
  const flags = ["--name", "two", "--weight", "3", "--health-check-period", "0"];
  assertEquals(
    await fixture.run("add-server", "--url", "HTTP://127.0.0.1:3002/", ...flags),
    done("Added http://127.0.0.1:3002 (two): weight 3, no health checks"),
  );
  const { name, weight, healthCheckPeriod } = fixture.balancer.servers()[1]!;
  assertEquals({ name, weight, healthCheckPeriod }, {
    name: "two",
    weight: 3,
    healthCheckPeriod: 0,
  });
});

Deno.test("add-server and update-server take --max-connections, and keep it otherwise", async () => {
  await using fixture = new Fixture();
  const flags = ["--url", "http://a", "--health-check-period", "0"];
  assertEquals(
    await fixture.run("add-server", ...flags, "--max-connections", "7"),
    done("Added http://a (a): weight 1, no health checks, at most 7 concurrent requests"),
  );
  assertEquals(
    await fixture.run("update-server", ...flags),
    done("Updated http://a (a): no changes"),
  );
  assertEquals(fixture.balancer.servers()[1]!.maxConnections, 7);
  assertEquals(
    await fixture.run("update-server", ...flags, "--max-connections", "0"),
    done("Updated http://a (a): max_connections 7 → 0"),
  );
  assertEquals(fixture.balancer.servers()[1]!.maxConnections, 0);
});

Deno.test("add-server --json writes the server as JSON", async () => {
  await using fixture = new Fixture();
  const flags = ["--health-check-period", "0", "--json"];
  const { code, stdout } = await fixture.run("add-server", "--url", "http://a", ...flags);
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout), {
    url: "http://a",
    name: "a",
    weight: 1,
    health_check_period: 0,
    max_connections: 0,
    draining: false,
  });
});

Deno.test("add-server tells in one line that the server is there already", async () => {
  await using fixture = new Fixture();
  assertEquals(
    await fixture.run("add-server", "--url", URL_A),
    refused(
      `Cannot add ${URL_A}: there is a server with this URL already; update it instead`,
    ),
  );
});

Deno.test("update-server tells what it changed, old → new", async () => {
  await using fixture = new Fixture();
  const flags = ["--name", "uno", "--weight", "5", "--health-check-period", "0"];
  assertEquals(
    await fixture.run("update-server", "--url", `${URL_A}/`, ...flags),
    done(`Updated ${URL_A} (uno): name one → uno, weight 2 → 5`),
  );
  assertEquals(
    await fixture.run("update-server", "--url", URL_A, ...flags),
    done(`Updated ${URL_A} (uno): no changes`),
  );
});

Deno.test("update-server sets weight to 1 where it is left out, and keeps the name", async () => {
  await using fixture = new Fixture();
  const flags = ["--health-check-period", "0"];
  assertEquals(
    await fixture.run("update-server", "--url", URL_A, ...flags),
    done(`Updated ${URL_A} (one): weight 2 → 1 ${DEFAULT_NOTE}`),
  );
});

Deno.test("update-server says which values went back to their defaults, and how to keep them", async () => {
  await using fixture = new Fixture();
  assertEquals(
    await fixture.run("update-server", "--url", URL_A, "--name", "uno"),
    done(
      `Updated ${URL_A} (uno): name one → uno, weight 2 → 1 ${DEFAULT_NOTE}, health_check_period ` +
        "0 → 10 (default: --health-check-period was not given; --keep keeps it)",
    ),
  );
});

Deno.test("update-server --keep changes what is given, and nothing else", async () => {
  await using fixture = new Fixture();
  const flags = ["--url", URL_A, "--keep"];
  assertEquals(
    await fixture.run("update-server", ...flags, "--name", "uno"),
    done(`Updated ${URL_A} (uno): name one → uno`),
  );
  assertEquals(
    await fixture.run("update-server", ...flags, "--weight", "5"),
    done(`Updated ${URL_A} (uno): weight 2 → 5`),
  );
  assertEquals(
    await fixture.run("update-server", ...flags),
    done(`Updated ${URL_A} (uno): no changes`),
  );
  const { name, weight, healthCheckPeriod } = fixture.balancer.servers()[0]!;
  assertEquals([name, weight, healthCheckPeriod], ["uno", 5, 0]);
});

Deno.test("update-server and delete-server tell that there is no such server", async () => {
  await using fixture = new Fixture();
  const message = refused("There is no server with the URL http://b");
  for (const command of ["update-server", "delete-server"]) {
    assertEquals(await fixture.run(command, "--url", "http://b"), message);
  }
});

Deno.test("delete-server deletes a server", async () => {
  await using fixture = new Fixture();
  assertEquals(
    await fixture.run("delete-server", "--url", URL_A),
    done(`Deleted ${URL_A} (one)`),
  );
  assertEquals(fixture.balancer.servers(), []);
});

Deno.test("delete-server says what becomes of what the server is working on", async () => {
  const outcomes = [["30", "its active requests have 30 s to finish"], [
    "0",
    "its active requests were aborted",
  ]];
  for (const [drain, outcome] of outcomes) {
    await using fixture = new Fixture();
    assertEquals(
      await fixture.run("delete-server", "--url", URL_A, "--drain", drain!),
      done(`Deleted ${URL_A} (one); ${outcome}`),
    );
  }
});

Deno.test("update-server and delete-server --json write the server as JSON", async () => {
  await using fixture = new Fixture();
  const flags = ["--weight", "2", "--health-check-period", "0", "--json"];
  const updated = await fixture.run("update-server", "--url", URL_A, ...flags);
  assertEquals(JSON.parse(updated.stdout), SERVER_A);
  const deleted = await fixture.run("delete-server", "--url", URL_A, "--json");
  assertEquals(JSON.parse(deleted.stdout), SERVER_A);
});

Deno.test("list-servers lists the servers as a table", async () => {
  await using fixture = new Fixture();
  fixture.balancer.add({ url: "http://example.com/app", weight: 10, healthCheckPeriod: 0 });
  assertEquals(
    await fixture.run("list-servers"),
    done(
      "NAME         URL                     WEIGHT  PERIOD  HEALTH   ACTIVE  LAST CHECK",
      "one          http://127.0.0.1:3001   2       off     healthy  0       none yet",
      "example.com  http://example.com/app  10      off     healthy  0       none yet",
    ),
  );
});

Deno.test("list-servers says what to do where there is no server", async () => {
  await using fixture = new Fixture();
  fixture.balancer.remove(URL_A);
  assertEquals(
    await fixture.run("list-servers"),
    done("There are no servers. Add one: ballast add-server --url URL"),
  );
});

Deno.test("list-servers --json writes what the API answers", async () => {
  await using fixture = new Fixture();
  const { code, stdout } = await fixture.run("list-servers", "--json");
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout), [
    { ...SERVER_A, healthy: true, active: 0, ejection: null, last_check: null },
  ]);
});

/** Every command that calls the API, with flags that it accepts. */
const CALLS = [
  ["add-server", "--url", "http://a"],
  ["update-server", "--url", "http://a"],
  ["delete-server", "--url", "http://a"],
  ["drain-server", "--url", "http://a"],
  ["enable-server", "--url", "http://a"],
  ["list-servers"],
  ["export-config"],
];

Deno.test("the commands tell in one line that no balancer answers, and exit with 1", async () => {
  const [port] = freePorts(1);
  await Promise.all(CALLS.map(async (call) => {
    assertEquals(await runCli(...call, "--api-port", String(port)), {
      code: 1,
      stdout: "",
      stderr: `ballast: Cannot reach the admin API at http://127.0.0.1:${port}: ` +
        "connection refused. Is the balancer running? If so, give its API port with --api-port.\n",
    });
  }));
});

Deno.test("the commands tell in one line that something else answers", async () => {
  await using server = serve(() => Response.json({ hello: "world" }));
  const { port } = server.addr;
  await Promise.all(CALLS.map(async (call) => {
    assertEquals(await runCli(...call, "--api-port", String(port)), {
      code: 1,
      stdout: "",
      stderr: `ballast: Cannot reach the admin API at http://127.0.0.1:${port}: the server at ` +
        "this address is not Ballast. Is the balancer running? If so, give its API port with " +
        "--api-port.\n",
    });
  }));
});

Deno.test("the commands take no object for a list", async () => {
  const answers = {
    "/stats": { version: "1", time: "", total: {}, servers: {} },
    "/fleet": { self: "a", members: {}, disagreements: {} },
    "/accept-servers": { accepted: {} },
  } as const;
  await using server = serve(({ url }) =>
    Response.json(answers[new URL(url).pathname as keyof typeof answers])
  );
  const { port } = server.addr;
  for (const command of ["status", "list-balancers", "accept-servers"]) {
    const { code, stdout, stderr } = await runCli(command, "--api-port", String(port));
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, "the server at this address is not Ballast");
  }
});
