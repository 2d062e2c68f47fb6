import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CommandError } from "../../../src/cli/errors.ts";
import { readSticky } from "../../../src/cli/files/secret_files.ts";
import { CookieClient } from "../../testing/cookie_client.ts";
import { RunningBalancer } from "../../testing/program.ts";
import { runCli } from "../../testing/run_cli.ts";
import { SampleServer } from "../../testing/sample_server.ts";
import { makeTemporaryFile } from "../../testing/temporary_file.ts";

async function messageOf(content: string | Uint8Array): Promise<string> {
  await using file = await makeTemporaryFile(content, ".secret");
  const read = () => readSticky({ sticky: "cookie", stickySecretFile: file.path });
  const { message } = await assertRejects(read, CommandError);
  return message.replace(file.path, "FILE");
}

Deno.test("readSticky() reads the secret, without the spaces around it", async () => {
  await using file = await makeTemporaryFile("\n  sixteen letters!\r\n", ".secret");
  assertEquals(
    await readSticky({ sticky: "cookie", stickySecretFile: file.path }),
    { secret: "sixteen letters!" },
  );
});

Deno.test("readSticky() makes a new secret where there is no file", async () => {
  const [one, two] = [
    await readSticky({ sticky: "cookie" }),
    await readSticky({ sticky: "cookie" }),
  ];
  assert(one!.secret.length >= 32);
  assertNotEquals(one, two);
});

Deno.test("readSticky() says nothing where sessions are not sticky", async () => {
  assertEquals(await readSticky({}), undefined);
});

Deno.test("readSticky() tells what is wrong with the file, and what to do", async () => {
  const hint = "Generate one: openssl rand -hex 32";
  assertEquals(
    await messageOf("fifteen letters\n"),
    `Cannot use the secret FILE: it has 15 characters; at least 16 are required. ${hint}`,
  );
  assertEquals(
    await messageOf(" \n"),
    `Cannot use the secret FILE: it has 0 characters; at least 16 are required. ${hint}`,
  );
  assertEquals(
    await messageOf(new Uint8Array(20).fill(0xff)),
    "Cannot read the secret FILE: it is not UTF-8 text",
  );
});

Deno.test("listen tells in one line that there is no secret file, or no use for it", async () => {
  await using missing = await makeTemporaryFile(
    "sticky: cookie\nsticky_secret_file: /nonexistent/secret\nservers: []\n",
  );
  assertEquals(await runCli("listen", "--config", missing.path), {
    code: 1,
    stdout: "",
    stderr: "ballast: Cannot read the secret /nonexistent/secret: no such file\n",
  });
  await using useless = await makeTemporaryFile(
    "sticky_secret_file: /nonexistent/secret\nservers: []\n",
  );
  assertEquals(
    (await runCli("listen", "--config", useless.path)).stderr,
    "ballast: Cannot use sticky_secret_file: sessions are not sticky; add sticky: cookie\n",
  );
});

Deno.test("listen keeps sessions over a restart, and goes by the policy of its file", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using secret = await makeTemporaryFile("0123456789abcdef\n", ".secret");
  await using config = await makeTemporaryFile(
    `policy: round_robin\nsticky: cookie\nsticky_secret_file: ${secret.path}\n` +
      `servers:\n- url: ${one.url}\n- url: ${two.url}\n`,
  );
  let cookie: string;
  {
    await using program = await RunningBalancer.start("--config", config.path);
    const client = new CookieClient(program.url);
    assertEquals(await client.getMany(1), ["one"]);
    assertEquals(await new CookieClient(program.url).getMany(1), ["two"]);
    cookie = client.cookie;
  }
  await using program = await RunningBalancer.start("--config", config.path);
  await new CookieClient(program.url).get();
  const client = new CookieClient(program.url);
  client.cookie = cookie;
  // It would be the turn of the other.
  assertEquals(await client.getMany(3), ["one"]);
  assertEquals(client.received, []);
});
