import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROOT } from "../testing/program.ts";

// The example files for spreading clients over balancers, checked by the programs that read them.

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** Returns a program's error about a file: empty if it has none, undefined if not installed. */
async function check(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    // Most of these programs are in a folder that only root has on its path.
    const PATH = `${Deno.env.get("PATH")}:/usr/sbin`;
    const command = new Deno.Command(program, { args: [...args], env: { PATH }, stdin: "null" });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return code === 0 ? "" : `exit code ${code}: ${text}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Checks that a program accepts the file and refuses it with a fault; ignored if not installed. */
async function checkBoth(
  t: Deno.TestContext,
  program: string,
  { text, fault, args }: {
    text: string;
    fault: readonly [string, string];
    args: (file: string) => string[];
  },
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/checked.conf`;
    await Deno.writeTextFile(file, text);
    const found = await check(program, args(file));
    await t.step({
      name: found === undefined ? `${program} is not installed` : program,
      ignore: found === undefined,
      async fn() {
        assertEquals(found, "");
        assert(text.includes(fault[0]));
        await Deno.writeTextFile(file, text.replace(...fault));
        assert(await check(program, args(file)) !== "", `${program} did not detect the fault`);
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("deploy/keepalived.conf: keepalived accepts it", async (t) => {
  const text = await read("deploy/keepalived.conf");
  const device = Deno.networkInterfaces().find(({ name }) => name !== "lo")?.name;
  if (device === undefined) {
    await t.step({ name: "there is no network interface", ignore: true, fn: () => {} });
    return;
  }
  await checkBoth(t, "keepalived", {
    text: text.replaceAll("interface eth0", `interface ${device}`)
      // keepalived 2.2.7 is ended by a signal when it checks a file whose scripts run as another user.
      .replace("script_user nobody", "script_user root")
      // keepalived requires the script to exist, and curl may not be installed.
      .replace("/usr/bin/curl", "/bin/echo"),
    fault: ["advert_int", "advertise_int"],
    args: (file) => ["-t", "-f", file],
  });
});

Deno.test("deploy/bird.conf: BIRD 2 accepts it", async (t) => {
  await checkBoth(t, "bird", {
    text: await read("deploy/bird.conf"),
    fault: ["protocol bgp uplink", "protocol bgb uplink"],
    args: (file) => ["-p", "-c", file],
  });
});

Deno.test("deploy/frr.conf: FRR accepts it", async (t) => {
  await checkBoth(t, "vtysh", {
    text: await read("deploy/frr.conf"),
    fault: ["router bgp 65010", "router bgb 65010"],
    args: (file) => ["-C", "-f", file],
  });
});

Deno.test("deploy/: the anycast examples use the same address", async () => {
  const address = "203.0.113.10/32";
  for (const name of ["bird.conf", "frr.conf", "anycast.conf"]) {
    assert((await read(`deploy/${name}`)).includes(address), name);
  }
  // The address is withdrawn first; the balancer stops once the routers know.
  const stops = (await read("deploy/anycast.conf")).match(/^ExecStop=.*$/gm)!;
  assertMatch(stops[0]!, /ip address flush dev anycast0$/);
  assertMatch(stops.at(-1)!, /kill -TERM/);
});
