// deno-lint-ignore-file no-console
/**
 * Measures the effect of slow request heads on other clients: `deno run -A bench/slow_headers.ts`.
 *
 * A Ballast as a process of its own, over three servers. 16 ordinary clients are measured alone,
 * then beside 1,000 connections of which each sends a byte of its head every two seconds, then alone
 * again. After that, a Ballast with 256 file descriptors gets 400 connections that say nothing: what
 * do ordinary clients see, and does it recover when they close?
 */
import { RunningBalancer } from "../tests/testing/program.ts";

const SECONDS = 4;
const CLIENTS = 16;
const SLOW = 1000;
const BYTE_EVERY_MS = 2000;

const servers = [1, 2, 3].map((number) =>
  Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(`hello from number ${number}`),
  )
);
const yaml = servers.map(({ addr }) => `- url: http://127.0.0.1:${addr.port}\n`).join("");
const config = await Deno.makeTempFile({ suffix: ".yaml" });
await Deno.writeTextFile(config, yaml);

/** Ordinary clients that ask again and again; how many answers, and how long they took. */
async function measure(url: string, label: string): Promise<void> {
  const end = performance.now() + SECONDS * 1000;
  const times: number[] = [];
  let failures = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (performance.now() < end) {
      const start = performance.now();
      try {
        await (await fetch(url, { signal: AbortSignal.timeout(5000) })).text();
        times.push(performance.now() - start);
      } catch {
        failures++;
      }
    }
  }));
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? NaN).toFixed(1);
  const rate = Math.round(times.length / SECONDS);
  console.log(
    `${label}: ${rate} req/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ` +
      `longest ${(times.at(-1) ?? NaN).toFixed(1)} ms, ${failures} failed`,
  );
}

async function memory(pid: number): Promise<string> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return `${Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)} MiB`;
}

/** Connections that send what `head` yields, a byte each time, until they are closed. */
async function connect(url: string, count: number): Promise<Deno.TcpConn[]> {
  const { hostname, port } = new URL(url);
  const sockets: Deno.TcpConn[] = [];
  for (let number = 0; number < count; number++) {
    try {
      sockets.push(await Deno.connect({ hostname, port: Number(port) }));
    } catch {
      // The balancer has none to spare.
    }
  }
  return sockets;
}

async function slowHeads(): Promise<void> {
  await using balancer = await RunningBalancer.start("--config", config);
  await measure(balancer.url, "warm-up");
  await measure(balancer.url, `${CLIENTS} clients alone`);
  console.log(`memory ${await memory(balancer.pid)}`);
  const sockets = await connect(balancer.url, SLOW);
  const head = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(1000));
  let sent = 0;
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write(head.subarray(sent, sent + 1)).catch(() => {});
    sent++;
  }, BYTE_EVERY_MS);
  await measure(balancer.url, `beside ${SLOW} slow heads`);
  console.log(`memory ${await memory(balancer.pid)}`);
  clearInterval(timer);
  for (const socket of sockets) socket.close();
  await measure(balancer.url, "after they closed");
  await balancer.stop();
}

async function exhaustion(): Promise<void> {
  const [port, apiPort] = [18_080, 18_081];
  const command = `ulimit -n 256; exec "${Deno.execPath()}" run --allow-net --allow-read ` +
    `cli.ts listen --config ${config} --port ${port} --api-port ${apiPort}`;
  const child = new Deno.Command("bash", { args: ["-c", command], stdout: "null" }).spawn();
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const up = await fetch(url).then((response) => response.text(), () => undefined);
    if (up !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await measure(url, "256 file descriptors, alone");
  const sockets = await connect(url, 400);
  await measure(url, "beside 400 silent connections");
  for (const socket of sockets) socket.close();
  await measure(url, "after they closed");
  const ended = await Promise.race([child.status, Promise.resolve(undefined)]);
  console.log(ended === undefined ? "the process runs" : `the process ended: ${ended.code}`);
  child.kill("SIGTERM");
  await child.status;
}

await slowHeads();
await exhaustion();
await Promise.all(servers.map((server) => server.shutdown()));
await Deno.remove(config);
