import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RunningBalancer } from "../testing/program.ts";
import { RawClient } from "../testing/raw_client.ts";

const GIBIBYTE = 2 ** 30;
const ALLOWED_GROWTH = 64 * 2 ** 20;
const CHUNK = new Uint8Array(256 * 1024).fill(7);

/** A stream of a gibibyte. */
function gibibyte(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = GIBIBYTE;
  return new ReadableStream({
    pull(controller): void {
      controller.enqueue(CHUNK);
      left -= CHUNK.length;
      if (left === 0) controller.close();
    },
  }, { highWaterMark: 0 });
}

async function sizeOf(body: ReadableStream<Uint8Array> | null): Promise<number> {
  let size = 0;
  for await (const chunk of body ?? []) size += chunk.length;
  return size;
}

/** Sends a gibibyte of known length and returns the response. */
async function upload(url: string): Promise<string> {
  await using client = await RawClient.connect(url);
  await client.send(
    `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${GIBIBYTE}\r\nConnection: close\r\n\r\n`,
  );
  for (let sent = 0; sent < GIBIBYTE; sent += CHUNK.length) await client.sendBytes(CHUNK);
  return await client.readToEnd();
}

/** A process's memory now, or at its peak, in bytes, as Linux tells it. */
async function memory(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`${field}:\\s+([0-9]+) kB`).exec(status)![1]) * 1024;
}

Deno.test({
  name: "a 1 GiB upload and a 1 GiB download pass without being held in memory",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using upstream = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
    }, async (request) => {
      if (request.method === "PUT") return new Response(String(await sizeOf(request.body)));
      const known = request.url.endsWith("/known");
      return new Response(
        gibibyte(),
        known ? { headers: { "content-length": `${GIBIBYTE}` } } : {},
      );
    });
    await using balancer = await RunningBalancer.start();
    const url = `http://127.0.0.1:${upstream.addr.port}`;
    assertEquals((await balancer.run("add-server", `--url=${url}`)).code, 0);
    // A first exchange of some size, so that what the process needs once is there.
    await fetch(balancer.url, { method: "PUT", body: CHUNK }).then((response) => response.text());
    const before = await memory(balancer.pid, "VmRSS");

    for (const path of ["/known", "/chunked"]) {
      const download = await fetch(balancer.url + path);
      assertEquals(await sizeOf(download.body), GIBIBYTE);
    }
    assertStringIncludes(await upload(balancer.url), `\r\n\r\n${GIBIBYTE}`);

    const growth = await memory(balancer.pid, "VmHWM") - before;
    assert(growth < ALLOWED_GROWTH, `memory grew by ${Math.round(growth / 2 ** 20)} MiB`);
    assertEquals(await balancer.stop(), 0);
  },
});
