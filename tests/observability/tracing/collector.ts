import { until } from "../../testing/until.ts";

/** The properties of a span that are tested. */
export interface ReceivedSpan {
  /** The instrumentation scope: `deno` or `ballast`. */
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 for a server's, 3 for a client's. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** 0 for unset, 2 for an error. */
  readonly status: number;
}

/** The properties of an OTLP request in JSON that are read here. */
interface TracesJson {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly SpanJson[];
    }[];
  }[];
}

interface SpanJson extends Omit<ReceivedSpan, "attributes" | "scope" | "status"> {
  readonly attributes: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, string | number>>;
  }[];
  readonly status: { readonly code: number };
}

/** A collector of traces by OTLP over HTTP, in JSON. */
export class Collector implements AsyncDisposable {
  readonly #spans: ReceivedSpan[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const body = await request.json();
        if (new URL(request.url).pathname === "/v1/traces") this.#take(body);
        return Response.json({});
      },
    );
  }

  /** Environment of a program that sends its traces here, and soon. */
  get environment(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  /** Waits for a span that matches. */
  async waitFor(wanted: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    let found: ReceivedSpan | undefined;
    await until(
      () => `a span: there is ${JSON.stringify(this.#spans)}`,
      () => (found = this.#spans.find(wanted)) !== undefined,
    );
    return found!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #take({ resourceSpans }: TracesJson): void {
    for (const { scope, spans } of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)) {
      for (const span of spans) {
        const attributes = Object.fromEntries(
          span.attributes.map(({ key, value }) => [key, Object.values(value)[0]!]),
        );
        this.#spans.push({ ...span, scope: scope.name, attributes, status: span.status.code });
      }
    }
  }
}
