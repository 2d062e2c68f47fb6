/**
 * Measures Ballast's footprint apart from processor time: its start with many servers, memory for each
 * connection, and memory over a million requests. See README.md.
 *
 * @module
 */

import { startBackend } from "./harness/backend.ts";
import { ONE_CORE } from "./harness/modes.ts";
import { printLine } from "./harness/output.ts";
import { freePorts } from "./harness/ports.ts";
import { residentBytes } from "./harness/proc.ts";
import { Processes, type RunningProcess, sleep } from "./harness/processes.ts";
import { SMALL_GET } from "./harness/scenarios.ts";
import { waitUntilReady } from "./harness/start.ts";
import { runWrk } from "./harness/wrk.ts";
import { startCommand } from "./peers/ballast.ts";

const MANY_SERVERS = 10_000;
const CONNECTIONS = 1000;
const REQUESTS = 1_000_000;
/** How long one run of wrk is, in seconds. */
const RUN_SECONDS = 5;
const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: footprint\r\n\r\n");

interface Started {
  readonly process: RunningProcess;
  readonly port: number;
  /** From the start of the process to its first answer, in milliseconds. */
  readonly milliseconds: number;
}

if (import.meta.main) {
  await using processes = new Processes();
  const directory = await Deno.makeTempDir({ prefix: "ballast-footprint-" });
  try {
    await measureStart(processes, directory);
    await measureConnections(processes, directory);
    await measureMillion(processes, directory);
  } finally {
    await processes[Symbol.asyncDispose]();
    await Deno.remove(directory, { recursive: true });
  }
}

async function start(
  processes: Processes,
  directory: string,
  urls: readonly string[],
): Promise<Started> {
  const port = freePorts(1)[0]!;
  const command = await startCommand({ port, urls, directory });
  const begin = performance.now();
  const process = processes.start({ ...command, core: ONE_CORE.proxyCore });
  await waitUntilReady(process, port);
  return { process, port, milliseconds: performance.now() - begin };
}

async function measureStart(processes: Processes, directory: string): Promise<void> {
  await using server = answering();
  // One server under as many URLs: each has a connection of its own for its checks.
  const { process, milliseconds } = await start(
    processes,
    directory,
    Array.from({ length: MANY_SERVERS }, (_, i) => `http://127.0.0.1:${server.addr.port}/${i}`),
  );
  printLine(
    `${MANY_SERVERS} servers: first answer after ${Math.round(milliseconds)} ms, ` +
      `${megabytes(residentBytes(process.pid))} MB`,
  );
  await processes.stop(process);
}

async function measureConnections(processes: Processes, directory: string): Promise<void> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let held = 0;
  const { promise: allHeld, resolve: holdsAll } = Promise.withResolvers<void>();
  let holding = false;
  await using server = answering(async () => {
    if (!holding) return;
    if (++held === CONNECTIONS) holdsAll();
    await released;
  });
  const { process, port } = await start(processes, directory, [
    `http://127.0.0.1:${server.addr.port}`,
  ]);
  const warm = await connectAll(port);
  for (const client of warm) client.close();
  await sleep(1000);
  const before = residentBytes(process.pid);
  const clients = await connectAll(port);
  await sleep(1000);
  const withClients = residentBytes(process.pid);
  holding = true;
  const answers = clients.map(ask);
  await allHeld;
  release();
  await Promise.all(answers);
  await sleep(1000);
  const withPool = residentBytes(process.pid);
  printLine(
    `an idle client connection: ${kilobytes(withClients - before)} KB; ` +
      `an idle connection to a server: ${kilobytes(withPool - withClients)} KB ` +
      `(${CONNECTIONS} of each)`,
  );
  for (const client of clients) client.close();
  await processes.stop(process);
}

async function measureMillion(processes: Processes, directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/backend`);
  const backend = await startBackend(processes, {
    directory: `${directory}/backend`,
    workers: 1,
    core: ONE_CORE.loadCore,
  });
  const { process, port } = await start(
    processes,
    directory,
    backend.ports.map((at) => `http://127.0.0.1:${at}`),
  );
  const samples: string[] = [];
  const milestones = [0.1, 0.25, 0.5, 1];
  let requests = 0;
  let errors = 0;
  while (requests < REQUESTS) {
    const result = await runWrk(processes, ONE_CORE, {
      port,
      scenario: SMALL_GET,
      duration: RUN_SECONDS,
    });
    requests += result.requests;
    errors += Object.values(result.errors).reduce((sum, count) => sum + count, 0);
    if (requests < REQUESTS * milestones[0]!) continue;
    while (requests >= REQUESTS * milestones[0]!) milestones.shift();
    samples.push(`${megabytes(residentBytes(process.pid))} MB after ${requests}`);
  }
  printLine(`${requests} requests at full speed: ${errors} errors; memory ${samples.join(", ")}`);
}

/** A server that answers 200, after `before` has resolved. */
function answering(before: () => Promise<void> | void = () => {}): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    await before();
    return new Response("ok");
  });
}

/** Connections on which a request was answered. */
async function connectAll(port: number): Promise<Deno.TcpConn[]> {
  const clients: Deno.TcpConn[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    await ask(client);
    clients.push(client);
  }
  return clients;
}

async function ask(client: Deno.TcpConn): Promise<void> {
  await client.write(REQUEST);
  await client.read(new Uint8Array(1024));
}

function kilobytes(bytes: number): string {
  return (bytes / CONNECTIONS / 1000).toFixed(1);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
