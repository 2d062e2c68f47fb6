// deno-lint-ignore-file no-console
/**
 * Takes the pictures of the dashboard in docs/: `deno task screenshots`. Sample servers answer
 * somewhat more than a minute of traffic; one of them fails meanwhile, one is drained.
 */
import type { Page } from "playwright-core";
import { createDashboard } from "../../src/dashboard/mod.ts";
import { createAdmin, LoadBalancer } from "../../mod.ts";
import { findChromium, startChromium } from "./chromium.ts";

/** The sample servers: their names, weights, and how long they take in milliseconds. */
const SAMPLES: readonly (readonly [name: string, weight: number, latency: number])[] = [
  ["checkout-1", 4, 6],
  ["checkout-2", 4, 7],
  ["checkout-3", 2, 9],
  ["checkout-4", 2, 14],
  ["checkout-canary", 1, 18],
  ["checkout-old", 1, 12],
];
/** The port of the first one. */
const FIRST_PORT = 4001;
/** Seconds before one fails, another is drained, and the pictures are taken. */
const FAILS_AFTER = 50;
const DRAINS_AFTER = 10;
const TAKEN_AFTER = 12;
/** How many clients there are. */
const CLIENTS = 12;

const PICTURES = [
  { name: "light", colorScheme: "light", width: 1360, height: 1000 },
  { name: "dark", colorScheme: "dark", width: 1360, height: 1000 },
  { name: "narrow", colorScheme: "light", width: 420, height: 1100 },
] as const;

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** A server that takes about so long, and now and then longer, and fails now and then. */
function startSample(index: number, signal: AbortSignal): Deno.HttpServer {
  const [name, , latency] = SAMPLES[index]!;
  return Deno.serve({
    hostname: "127.0.0.1",
    port: FIRST_PORT + index,
    signal,
    onListen: () => {},
  }, async (request) => {
    if (request.headers.get("user-agent") === "ballast-health-check") return new Response(name);
    const isSlow = Math.random() < 0.02;
    await seconds(latency * (0.6 + Math.random() * 0.8) * (isSlow ? 4 : 1) / 1000);
    return new Response(name, { status: Math.random() < 0.004 ? 500 : 200 });
  });
}

/** Sends requests one after the other, at a pace that goes up and down. */
async function runClient(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await (await fetch(url)).body?.cancel();
    await seconds(0.02 + 0.012 * Math.sin(Date.now() / 9000) + Math.random() * 0.02);
  }
}

const executable = findChromium();
if (executable === undefined) {
  console.error("Cannot take pictures: install Chromium, or say where it is with CHROMIUM");
  Deno.exit(1);
}
const stop = new AbortController();
const failing = new AbortController();
const samples = SAMPLES.map((_, i) => startSample(i, i === 3 ? failing.signal : stop.signal));
const balancer = new LoadBalancer({
  servers: SAMPLES.map(([name, weight], index) => ({
    url: `http://127.0.0.1:${FIRST_PORT + index}`,
    name,
    weight,
    healthCheckPeriod: 5,
  })),
});
const proxy = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
const admin = Deno.serve(
  { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: () => {} },
  createAdmin(balancer, { dashboard: createDashboard() }).fetch,
);
const quit = new AbortController();
const clients = Array.from(
  { length: CLIENTS },
  () => runClient(`http://127.0.0.1:${proxy.addr.port}/`, quit.signal),
);

const browser = await startChromium(executable);
const pages: Page[] = [];
for (const { colorScheme, width, height } of PICTURES) {
  const page = await browser.newPage({ colorScheme, viewport: { width, height } });
  await page.goto(`http://127.0.0.1:${admin.addr.port}/`);
  pages.push(page);
}
console.log(`Taking pictures in ${FAILS_AFTER + DRAINS_AFTER + TAKEN_AFTER} s`);
await seconds(FAILS_AFTER);
failing.abort();
await seconds(DRAINS_AFTER);
balancer.update(`http://127.0.0.1:${FIRST_PORT + 2}`, { weight: 3 });
balancer.update(`http://127.0.0.1:${FIRST_PORT + 5}`, { draining: true });
await seconds(TAKEN_AFTER);
const folder = new URL("../../docs/", import.meta.url);
await Deno.mkdir(folder, { recursive: true });
for (const [index, { name }] of PICTURES.entries()) {
  const file = new URL(`dashboard-${name}.png`, folder);
  await pages[index]!.bringToFront();
  await Deno.writeFile(file, await pages[index]!.screenshot());
  console.log(`Wrote docs/dashboard-${name}.png`);
}
await browser.close();
quit.abort();
await Promise.all(clients);
stop.abort();
await admin.finished;
await proxy.shutdown();
await balancer.close();
await Promise.all(samples.map(({ finished }) => finished));
