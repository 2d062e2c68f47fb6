import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { readArgs } from "../../src/cli/read_args.ts";
import { COMMANDS as TABLE } from "../../src/cli/commands.ts";
import { runCli } from "../testing/run_cli.ts";

const COMMANDS = [
  "listen",
  "add-server",
  "delete-server",
  "update-server",
  "drain-server",
  "enable-server",
  "list-servers",
  "list-balancers",
  "accept-servers",
  "status",
  "events",
  "explain",
  "export-config",
  "check-config",
  "permissions",
  "simulate",
  "replay",
  "completions",
];

Deno.test("main() shows the help with every command", async () => {
  for (const flag of ["--help", "-h"]) {
    const { code, stdout, stderr } = await runCli(flag);
    assertEquals([code, stderr], [0, ""]);
    for (const command of COMMANDS) assertMatch(stdout, new RegExp(`^  ${command} +[A-Z]`, "m"));
    assertStringIncludes(stdout, "Exit codes: 0 success, 1 ");
  }
});

Deno.test("main() shows the version", async () => {
  const version = { code: 0, stdout: `ballast ${denoJson.version}\n`, stderr: "" };
  assertEquals(await runCli("--version"), version);
  assertEquals(await runCli("-V"), version);
});

Deno.test("main() shows each command's help, with its flags and their defaults", async () => {
  const server = ["--url URL", "--name NAME", "--weight N", "--health-check-period SECONDS"];
  const admin = ["--api-port PORT", "--api-host HOST", "(default 8000)", "--json"];
  const expected: Record<string, string[]> = {
    "listen": [
      ["--config FILE", "--port PORT", "(default 80)", "--api-port PORT", "(default 8000)"],
      ["--host HOST", "--api-host HOST", "(default 127.0.0.1)", "--grace-period", "--debug"],
    ].flat(),
    "add-server": [...server, ...admin, "(default 1)", "(default 10)"],
    "delete-server": ["--url URL", ...admin],
    "update-server": [...server, ...admin, "(default 1)", "(default 10)"],
    "drain-server": ["--url URL", ...admin],
    "enable-server": ["--url URL", ...admin],
    "list-servers": admin,
    "list-balancers": admin,
    "accept-servers": admin,
    "status": [...admin, "--once"],
    "events": [...admin, "--last N", "(default 0", "--no-follow"],
    "explain": [...admin, "--follow", "--server"],
    "export-config": admin.filter((text) => text !== "--json"),
    "check-config": ["check-config FILE [OPTIONS]", "--json"],
    "permissions": ["--config FILE", "--json"],
    "simulate": ["--config FILE", "--workload FILE", "--policy NAMES", "(default 0.8)", "--json"],
    "replay": ["replay FILE [OPTIONS]", "--policy NAME", "(default 20)", "--json"],
    "completions": ["completions SHELL [OPTIONS]"],
  };
  assertEquals(Object.keys(expected), COMMANDS);
  await Promise.all(COMMANDS.map(async (command) => {
    const { code, stdout, stderr } = await runCli(command, "--help");
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, `Usage: ballast ${command} `);
    assertMatch(stdout, new RegExp(`\\nExample:\\n  ballast ${command}\\b`));
    for (const text of [...expected[command]!, "--help"]) assertStringIncludes(stdout, text);
  }));
});

Deno.test("main() knows every command by the example in its help", () => {
  assertEquals(TABLE.map(({ name }) => name), COMMANDS);
  for (const command of TABLE) {
    const [program, name, ...args] = command.example.replace(/ > .*/, "").split(" ");
    assertEquals([program, name], ["ballast", command.name]);
    readArgs(args, command);
  }
});

Deno.test("main() shows a command's help also where the rest makes no sense", async () => {
  const { code, stdout, stderr } = await runCli("add-server", "--nope", "-1", "--help");
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Usage: ballast add-server");
});

/** Command lines that make no sense, and what the one line of the error says. */
const WRONG_USAGE: [args: string[], message: string][] = [
  [[], "missing command"],
  [[""], 'unknown command ""'],
  [["nope"], 'unknown command "nope"'],
  [["Listen"], 'unknown command "Listen" (did you mean listen?)'],
  [["--nope"], 'unknown command "--nope"'],
  [["--json", "list-servers"], 'unknown command "--json"'],
  [["a\nb\u001b[31m"], 'unknown command "a\ufffdb\ufffd[31m"'],
  [["listen", "--nope"], "unknown option --nope"],
  [["listen", "--prot", "1"], "unknown option --prot (did you mean --port?)"],
  [["lisen"], 'unknown command "lisen" (did you mean listen?)'],
  [["listen", "now"], 'unexpected argument "now"'],
  [["listen", "--port"], "--port needs a value"],
  [["listen", "--port", "0"], '--port must be a whole number from 1 to 65535, not "0"'],
  [["listen", "--port", "65536"], '--port must be a whole number from 1 to 65535, not "65536"'],
  [["listen", "--port", "1\n2"], '--port must be a whole number from 1 to 65535, not "1\ufffd2"'],
  [["listen", "--api-port", "-1"], '--api-port must be a whole number from 1 to 65535, not "-1"'],
  [
    ["listen", "--grace-period", "1s"],
    '--grace-period must be a whole number from 0 to 86400, not "1s"',
  ],
  [["listen", "--port", "1", "--port", "2"], "--port was given more than once"],
  [["add-server"], "--url is required"],
  [["add-server", "--url", "nope"], "--url does not begin with http:// or https://"],
  [["add-server", "--url", "http://a#b"], "--url contains a fragment"],
  [["add-server", "--url", "http://a", "--weight", "4294967296"], "from 0 to 4294967295"],
  [["add-server", "--url", "http://a", "--health-check-period", "0.5"], "from 0 to 4294967295"],
  [["update-server", "--weight", "2"], "--url is required"],
  [["delete-server"], "--url is required"],
  [["delete-server", "--url", "http://a", "--weight", "1"], "unknown option --weight"],
  [["list-servers", "--api-port", "x"], "--api-port must be a whole number from 1 to 65535"],
  [["events", "--last", "1e3"], "--last must be a whole number from 0 to 1000"],
  [["status", "now"], 'unexpected argument "now"'],
  [["completions"], "SHELL must be one of bash, zsh, fish"],
  [["completions", "ksh"], 'one of bash, zsh, fish, not "ksh"'],
  [["simulate"], "--config FILE or --servers N is required"],
  [["simulate", "--servers", "0"], "--servers must be a whole number from 1 to 65536"],
  [["simulate", "--servers", "2", "--config", "a"], "--servers cannot be used with --config"],
  [["simulate", "--config", "a", "--max-connections", "2"], "--max-connections needs --servers"],
  [
    ["simulate", "--servers", "2", "--load", "x"],
    '--load must be a number from 0.001 to 100, not "x"',
  ],
  [["simulate", "--servers", "2", "--policy", "least"], 'client_hash, not "least"'],
  [["replay"], "missing FILE, the output of"],
  [["check-config"], "missing FILE, the configuration to check"],
  [["check-config", "a", "b"], 'unexpected argument "b"'],
];

Deno.test("main() answers wrong usage with exit code 2 and one line that names the help", async () => {
  await Promise.all(WRONG_USAGE.map(async ([args, message]) => {
    const { code, stdout, stderr } = await runCli(...args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^ballast: [^\n]+\. See "ballast( [a-z-]+)? --help"\.\n$/);
    assertStringIncludes(stderr, message);
    if (COMMANDS.includes(args[0] ?? "")) assert(stderr.includes(`ballast ${args[0]} --help`));
  }));
});
