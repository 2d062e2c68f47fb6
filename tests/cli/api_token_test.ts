import { assertEquals, assertStringIncludes } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../mod.ts";
import { RunningBalancer } from "../testing/program.ts";
import { freePorts, runCli } from "../testing/run_cli.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

const TOKEN = "0123456789abcdef-secret";

Deno.test("listen asks for the token of its file, and the commands send it", async () => {
  await using right = await makeTemporaryFile(`\n ${TOKEN} \r\n`, ".token");
  await using wrong = await makeTemporaryFile("fedcba9876543210-other", ".token");
  await using balancer = await RunningBalancer.start(`--api-token-file=${right.path}`, "--debug");
  const without = await balancer.run("list-servers");
  assertEquals([without.code, without.stderr], [
    1,
    "ballast: The balancer requires its API token. Give its file with --api-token-file.\n",
  ]);
  const other = await balancer.run("list-servers", `--api-token-file=${wrong.path}`);
  const why = `The balancer refused the token in ${wrong.path}: it was started with another one`;
  assertEquals([other.code, other.stderr], [
    1,
    `ballast: ${why}. Give its file with --api-token-file.\n`,
  ]);
  const flag = `--api-token-file=${right.path}`;
  const url = "--url=http://a";
  const commands: [args: [string, ...string[]], output: string][] = [
    [["add-server", url, "--health-check-period=0"], "Added http://a"],
    [["update-server", url, "--weight=2", "--health-check-period=0"], "weight 1 → 2"],
    [["list-servers"], "http://a"],
    [["delete-server", url], "Deleted http://a"],
  ];
  for (const [[command, ...args], output] of commands) {
    const result = await balancer.run(command, ...args, flag);
    assertEquals([result.code, result.stderr], [0, ""]);
    assertStringIncludes(result.stdout, output);
  }
});

Deno.test("listen takes the token's file from the configuration", async () => {
  await using token = await makeTemporaryFile(TOKEN, ".token");
  await using config = await makeTemporaryFile(
    `api_token_file: ${JSON.stringify(token.path)}\nservers: []\n`,
  );
  await using balancer = await RunningBalancer.start(`--config=${config.path}`);
  const response = await fetch(`http://127.0.0.1:${balancer.apiPort}/servers`);
  assertEquals((await response.json()).status, 401);
});

Deno.test("listen and the commands say what is wrong with a token's file, and not what is in it", async () => {
  const contents: [content: string | Uint8Array, why: string][] = [
    ["", "the file is empty"],
    [" \n", "the file is empty"],
    ["too-short-secret".slice(1), "the token must be 16 to 4096 visible ASCII characters"],
    ["two-lines-secret\ntwo-lines-secret", "the token must be 16 to 4096 visible ASCII characters"],
    [Uint8Array.of(0xff, 0xfe), "it is not UTF-8 text"],
  ];
  for (const [content, why] of contents) {
    await using file = await makeTemporaryFile(content, ".token");
    for (const command of ["listen", "list-servers"]) {
      const { code, stdout, stderr } = await runCli(command, `--api-token-file=${file.path}`);
      assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, `API token file ${file.path}: ${why}`);
      assertEquals(stderr.includes("secret"), false);
      assertEquals(stderr.match(/\n/g)?.length, 1);
    }
  }
  const { code, stderr } = await runCli("listen", "--api-token-file=/nothing/here");
  const expected = "ballast: Cannot read the API token file /nothing/here: no such file\n";
  assertEquals([code, stderr], [1, expected]);
});

Deno.test("listen serves the API beyond loopback only with a token, or where the user insists", async () => {
  const ports = freePorts(2).flatMap((
    port,
    index,
  ) => [index === 0 ? "--port" : "--api-port", `${port}`]);
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "lb.internal"]) {
    const { code, stdout, stderr } = await runCli("listen", ...ports, "--api-host", host);
    assertEquals([code, stdout], [2, ""]);
    assertEquals(
      stderr,
      `ballast: the admin API on ${host} needs a token, as other machines can reach it: give ` +
        "--api-token-file FILE, keep it on 127.0.0.1, or allow it with --api-without-token. " +
        'See "ballast listen --help".\n',
    );
  }
  for (const host of ["a b", "http://a", "a..b", "*"]) {
    const { code, stderr } = await runCli("listen", "--api-without-token", "--api-host", host);
    const why = `--api-host must be a host name or an IP address, not "${host}"`;
    assertEquals([code, stderr], [2, `ballast: ${why}. See "ballast listen --help".\n`]);
  }
  await using token = await makeTemporaryFile(TOKEN, ".token");
  await using config = await makeTemporaryFile("api_without_token: true\nservers: []\n");
  const ways = ["--api-without-token", `--api-token-file=${token.path}`, `--config=${config.path}`];
  for (const way of ways) {
    await using balancer = await RunningBalancer.start("--api-host=0.0.0.0", way);
    const response = await fetch(`http://127.0.0.1:${balancer.apiPort}/healthz`);
    assertEquals((await response.json()).status, "ok");
  }
});

Deno.test("the commands do not take the token along to where a redirect leads", async () => {
  const seen: string[] = [];
  await using balancer = new LoadBalancer();
  const { fetch: answer } = createAdmin(balancer, { token: TOKEN });
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      seen.push(request.url);
      return answer(request);
    },
  );
  await using first = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.redirect(`http://127.0.0.1:${other.addr.port}/servers`, 307),
  );
  await using file = await makeTemporaryFile(TOKEN, ".token");
  const flags = [`--api-port=${first.addr.port}`, `--api-token-file=${file.path}`];
  const { code, stderr } = await runCli("list-servers", ...flags);
  assertEquals([code, seen], [1, []]);
  assertStringIncludes(stderr, "Cannot reach the admin API");
  assertEquals(stderr.includes(TOKEN), false);
});
