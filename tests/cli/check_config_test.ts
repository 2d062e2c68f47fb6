import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../testing/run_cli.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

Deno.test("check-config says that a configuration is valid, and how many servers it has", async () => {
  assertEquals(await runCli("check-config", "examples/servers.yaml"), {
    code: 0,
    stdout: "examples/servers.yaml is valid: 3 servers\n",
    stderr: "",
  });
  await using file = await makeTemporaryFile("- url: http://127.0.0.1:3001\n");
  assertEquals(
    (await runCli("check-config", file.path)).stdout,
    `${file.path} is valid: 1 server\n`,
  );
});

Deno.test("check-config --json writes JSON", async () => {
  const { code, stdout, stderr } = await runCli("check-config", "examples/settings.yaml", "--json");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), { valid: true, servers: 2 });
});

Deno.test("check-config tells a single fault in one line", async () => {
  await using file = await makeTemporaryFile("port: 0\nservers: []\n");
  assertEquals(await runCli("check-config", file.path), {
    code: 1,
    stdout: "",
    stderr: `ballast: Cannot use ${file.path}: ` +
      "port must be a whole number from 1 to 65535; not 0\n",
  });
});

Deno.test("check-config tells every fault on a line of its own", async () => {
  await using file = await makeTemporaryFile("- url: nope\n- url: http://a\n  weight: -1\n");
  const { code, stdout, stderr } = await runCli("check-config", file.path);
  assertEquals([code, stdout], [1, ""]);
  assertEquals(stderr.trimEnd().split("\n"), [
    `ballast: Cannot use ${file.path}: 2 errors`,
    '  servers[0].url "nope" does not begin with http:// or https://; ' +
    "it must be a URL such as http://127.0.0.1:3001",
    "  servers[1].weight must be a whole number from 0 to 4294967295; not -1",
  ]);
});

Deno.test("check-config reports errors in the file and in those that it names at once", async () => {
  await using file = await makeTemporaryFile(`
port: 0
tls: { cert: /no/cert, key: /no/key }
api_token_file: /no/token
servers:
  - url: http://a
  - url: http://a
`);
  const { code, stderr } = await runCli("check-config", file.path);
  assertEquals(code, 1);
  assertEquals(stderr.trimEnd().split("\n"), [
    `ballast: Cannot use ${file.path}: 4 errors`,
    "  port must be a whole number from 1 to 65535; not 0",
    '  servers[1].url "http://a" is a duplicate: servers[0] has the same URL',
    "  Cannot read the certificate /no/cert: no such file; " +
    "Cannot read the private key /no/key: no such file",
    "  Cannot read the API token file /no/token: no such file",
  ]);
});

Deno.test("check-config --json writes every error with its field, and exits with 1", async () => {
  await using file = await makeTemporaryFile("port: 0\napi_token_file: /no/token\nservers: []\n");
  const invalid = await runCli("check-config", "--json", file.path);
  assertEquals([invalid.code, invalid.stderr], [1, ""]);
  assertEquals(JSON.parse(invalid.stdout), {
    valid: false,
    errors: [
      { field: "port", detail: "must be a whole number from 1 to 65535; not 0" },
      {
        field: "api_token_file",
        detail: "Cannot read the API token file /no/token: no such file",
      },
    ],
  });
  const folder = await runCli("check-config", "/");
  assertEquals(
    [folder.code, folder.stderr],
    [1, "ballast: Cannot read the configuration /: it is a folder\n"],
  );
  const missing = await runCli("check-config", "--json", "/no");
  assertEquals([missing.code, missing.stderr], [1, ""]);
  assertEquals(JSON.parse(missing.stdout), {
    valid: false,
    errors: [{ field: "", detail: "Cannot read the configuration /no: no such file" }],
  });
});

/** Files that cannot be used, and what the one line of the error says. */
const UNUSABLE: [content: string | Uint8Array, message: string][] = [
  [new Uint8Array([0xff, 0xfe, 0x2d, 0x00]), "it is not UTF-8 text"],
  [new Uint8Array([0x23, 0xe2, 0x82, 0x0a]), "it is not UTF-8 text"],
  ["- url: http://a\n  url: http://b\n", "it is not valid YAML: "],
  ["[", "it is not valid YAML: "],
  ["- !<tag:\u001b[31m> x\n", "it is not valid YAML: "],
  ["nope", "must be a list of servers, or a mapping with servers: and settings"],
];

Deno.test("check-config and listen tell in one line what cannot be used", async () => {
  await Promise.all(UNUSABLE.map(async ([content, message]) => {
    await using file = await makeTemporaryFile(content);
    for (const args of [["check-config"], ["listen", "--config"]]) {
      const { code, stdout, stderr } = await runCli(...args, file.path);
      assertEquals([code, stdout], [1, ""]);
      assertEquals(stderr.match(/\n/g)?.length, 1, stderr);
      assertStringIncludes(stderr, `${file.path}: `);
      assertStringIncludes(stderr, message);
      assertEquals(stderr.includes("\u001b"), false);
    }
  }));
});

Deno.test("check-config and listen tell why a file cannot be read", async () => {
  const reasons = { "no/such/file.yaml": "no such file", "examples": "" };
  for (const [path, reason] of Object.entries(reasons)) {
    for (const args of [["check-config"], ["listen", "--config"]]) {
      const { code, stdout, stderr } = await runCli(...args, path);
      assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, `ballast: Cannot read the configuration ${path}: ${reason}`);
      assertEquals(stderr.match(/\n/g)?.length, 1, stderr);
    }
  }
});

Deno.test("check-config, listen and permissions refuse a file that names no servers", async () => {
  const texts = ["", "\n", "# only a comment\n", "---\n", "~", "{}", "policy: round_robin\n"];
  await Promise.all(texts.map(async (content) => {
    await using file = await makeTemporaryFile(content);
    for (const args of [["check-config"], ["listen", "--config"], ["permissions", "--config"]]) {
      assertEquals(await runCli(...args, file.path), {
        code: 1,
        stdout: "",
        stderr: `ballast: Cannot use ${file.path}: servers must be a list of servers (use ` +
          "`servers: []` to remove all, or to begin with none); it is missing\n",
      });
    }
  }));
});

Deno.test("check-config tells of missing servers together with other faults", async () => {
  await using file = await makeTemporaryFile("port: 0\nhost: 1\n");
  const { code, stderr } = await runCli("check-config", file.path);
  assertEquals([code, stderr.trimEnd().split("\n").length], [1, 4], stderr);
});

Deno.test("check-config takes a file without servers that says so, or that has etcd", async () => {
  for (const content of ["servers: []\n", "[]\n", "etcd: { endpoints: [http://a:2379] }\n"]) {
    await using file = await makeTemporaryFile(content);
    const { code, stdout } = await runCli("check-config", file.path);
    assertEquals([code, stdout], [0, `${file.path} is valid: 0 servers\n`]);
  }
});

Deno.test("check-config reads the files that the configuration names", async () => {
  await using empty = await makeTemporaryFile("");
  const missing = `${empty.path}.missing`;
  const configurations = [
    [`tls: { cert: ${missing}, key: ${missing} }\n`, "Cannot read the certificate"],
    [`tls: { cert: ${empty.path}, key: ${empty.path} }\n`, "Cannot use the certificate"],
    [`api_token_file: ${missing}\n`, "Cannot read the API token file"],
    [`sticky: cookie\nsticky_secret_file: ${empty.path}\n`, "Cannot use the secret"],
    [`upstream_tls: { ca_file: ${missing} }\n`, "Cannot read the ca_file"],
  ] as const;
  await Promise.all(configurations.map(async ([content, message]) => {
    await using file = await makeTemporaryFile(`${content}servers: []\n`);
    const { code, stdout, stderr } = await runCli("check-config", file.path);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, message);
  }));
});
