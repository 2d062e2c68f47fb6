/** etcd's own metrics at one moment. */
export interface EtcdReading {
  /** When, in milliseconds. */
  readonly at: number;
  /** Memory that it holds, in bytes. */
  readonly memory: number;
  /** How long it has computed, in seconds. */
  readonly cpu: number;
  /** The size of its database, in bytes. */
  readonly database: number;
  /** How many keys were put so far. */
  readonly puts: number;
}

/** Reads the metrics of a member of etcd. */
export async function readEtcd(endpoint: string): Promise<EtcdReading> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  function value(name: string): number {
    return Number(text.match(new RegExp(`^${name} (\\S+)$`, "m"))?.[1]);
  }
  return {
    at: performance.now(),
    memory: value("process_resident_memory_bytes"),
    cpu: value("process_cpu_seconds_total"),
    database: value("etcd_mvcc_db_total_size_in_use_in_bytes"),
    puts: value("etcd_mvcc_put_total"),
  };
}

/** Sends requests to etcd, and counts the bytes of the content in both directions. */
export class CountingFetch {
  /** Bytes that came back. */
  received = 0;
  /** Bytes that were sent. */
  sent = 0;

  /** The same as the platform's `fetch`. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (typeof init.body === "string") this.sent += init.body.length;
    const { body, status, headers } = await fetch(url, init);
    const reader = body?.getReader();
    const { signal } = init;
    const counted = reader && new ReadableStream<Uint8Array>({
      // The platform ends its own stream then, but not the one that is made of it.
      start: (controller) => {
        signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
      },
      pull: async (controller) => {
        const { value, done } = await reader.read();
        if (done) return controller.close();
        this.received += value.length;
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(counted ?? null, { status, headers });
  };
}
