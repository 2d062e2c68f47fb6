import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { readWorkload, workloadSchema } from "../../src/simulate/workload_schema.ts";
import { codeBlocks, readProjectFile } from "../testing/markdown.ts";
import { ROOT } from "../testing/program.ts";
import { runCli } from "../testing/run_cli.ts";
import { z } from "zod";

const PAGE = await readProjectFile("docs/scaling.md");

/** So many requests do for a command to show that it works. */
const REQUESTS = 1500;
const SERVERS_MAX = 300;

/** A line of an access log, and a decision, of one of the servers of the examples. */
const REQUEST = {
  ...{ time: "2026-01-01T00:00:01.000Z", client: "192.0.2.1", server: "http://127.0.0.1:3001" },
  ...{ queue_ms: 0, total_ms: 5 },
};
const CANDIDATE = {
  ...{ url: REQUEST.server, name: "one", state: "up", weight: 1, active: 0 },
  ...{ key: "idle: 0", code: "chosen", verdict: "chosen" },
};
const DECISION = {
  ...{ number: 1, at: REQUEST.time, attempt: 1, policy: "least_connections", omitted: 0 },
  request: { id: null, method: "GET", path: "/", client: REQUEST.client },
  ...{ chosen: REQUEST.server, code: "policy", reason: "its turn", candidates: [CANDIDATE] },
};

/** The command that is run for one of the page: the same, but with less to do. */
function reduced(line: string, folder: string): string[] {
  const words = line.split(" ").slice(1).map((word, i, all) => {
    if (all[i - 1] === "--requests") return String(REQUESTS);
    if (all[i - 1] === "--servers") return String(Math.min(Number(word), SERVERS_MAX));
    return /^[a-z]+\.(yaml|log|json)$/.test(word) ? `${folder}/${word}` : word;
  });
  const isUnlimited = words[0] === "simulate" && !words.includes("--requests");
  return isUnlimited ? [...words, "--requests", String(REQUESTS)] : words;
}

Deno.test("docs/scaling.md: every simulation and replay runs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = {
      "servers.yaml": await readProjectFile("examples/servers.yaml"),
      "recorded.yaml": codeBlocks(PAGE, "yml")[0]!,
      "requests.log": `${JSON.stringify(REQUEST)}\n`.repeat(20),
      "decisions.json": JSON.stringify([DECISION]),
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const lines = codeBlocks(PAGE, "sh").join("").split("\n")
      .filter((line) => /^ballast (simulate|replay) /.test(line));
    assert(lines.length >= 10, `there are ${lines.length}`);
    for (const line of lines) {
      const { code, stderr } = await runCli("--allow-read", ...reduced(line, folder));
      assertEquals([code, stderr], [0, ""], line);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("examples/workloads/*.yaml can be used", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(new URL("examples/workloads/", ROOT))) {
    readWorkload(parse(await readProjectFile(`examples/workloads/${name}`)), name);
    count++;
  }
  assert(count >= 2);
});

Deno.test("examples/workloads/all.yaml names every setting of a workload", async () => {
  const text = await readProjectFile("examples/workloads/all.yaml");
  const names = new Set<string>();
  const values = new Set<string>();
  function collect(schema: unknown): void {
    if (typeof schema !== "object" || schema === null) return;
    const { properties, enum: choices, const: only } = schema as Record<string, unknown>;
    for (const name of Object.keys(properties ?? {})) names.add(name);
    for (const value of [...(choices as string[] | undefined ?? []), only]) {
      if (typeof value === "string") values.add(value);
    }
    for (const part of Object.values(schema)) collect(part);
  }
  collect(z.toJSONSchema(workloadSchema, { io: "input" }));
  assert(names.has("warm_up") && names.has("variation") && values.has("lognormal"));
  assertEquals([...names].filter((name) => !new RegExp(`\\b${name}:`).test(text)), []);
  assertEquals([...values].filter((value) => !new RegExp(`\\b${value}\\b`).test(text)), []);
});
