import type * as api from "@opentelemetry/api";
import { getLogger } from "@logtape/logtape";
import { logCallFailure } from "../../model/guarded_call.ts";
import type { IncomingRequest } from "../../proxy/incoming_request.ts";
import type { RequestRecord } from "../../proxy/request_record.ts";
import type { RequestObserver } from "../../proxy/instrumentation.ts";
import type { HeaderField } from "../../http1/message.ts";
import { errorType, methodAttributes, resultAttributes, spanName } from "./span_attributes.ts";

const logger = getLogger(["ballast", "tracing"]);

/** Symbol under which the OpenTelemetry API, major version 1, stores its globals. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/** Span of a request in flight. */
interface OpenSpan {
  readonly span: api.Span;
  readonly target: string;
}

/**
 * Traces requests with OpenTelemetry: a client span for each request to a server, below the server
 * span that the platform makes for the client's request.
 */
export class OpenTelemetryTracing implements RequestObserver {
  readonly #loaded: Promise<typeof api | undefined> = loadApi();
  readonly #open = new WeakMap<RequestRecord, OpenSpan>();

  /**
   * Starts tracing if OpenTelemetry is enabled: in Deno by `OTEL_DENO=true`, elsewhere if the
   * program has registered an SDK before it makes a balancer.
   *
   * @returns Undefined if it is disabled. Nothing is loaded then, and requests are not affected.
   */
  static ifOn(): OpenTelemetryTracing | undefined {
    return REGISTERED in globalThis ? new OpenTelemetryTracing() : undefined;
  }

  /**
   * Begins the span of a request before its first attempt.
   *
   * @param outgoing The request to be sent.
   * @param record Its record.
   * @returns The request with the fields by which the server continues the trace. Never rejects.
   */
  async begin(outgoing: IncomingRequest, record: RequestRecord): Promise<IncomingRequest> {
    const loaded = await this.#loaded;
    if (loaded === undefined) return outgoing;
    try {
      return this.#begin(loaded, outgoing, record);
    } catch (error) {
      // The program's own tracer, sampler or propagator threw; the request does not need them.
      logCallFailure("trace a request", error);
      return outgoing;
    }
  }

  #begin(loaded: typeof api, outgoing: IncomingRequest, record: RequestRecord): IncomingRequest {
    const { context, propagation, SpanKind, trace } = loaded;
    const { method, target, headers } = outgoing;
    const span = trace.getTracer("ballast").startSpan(spanName(method), {
      kind: SpanKind.CLIENT,
      attributes: methodAttributes(method),
    });
    this.#open.set(record, { span, target });
    const fields: Record<string, string> = {};
    propagation.inject(trace.setSpan(context.active(), span), fields);
    return { ...outgoing, headers: continued(headers, fields, span.spanContext().traceId) };
  }

  /** Ends the span of a request. */
  ended(record: RequestRecord): void {
    const open = this.#open.get(record);
    if (open === undefined) return;
    const { span, target } = open;
    span.setAttributes(resultAttributes(record, target));
    // SpanStatusCode.ERROR; the enumeration is not loaded here.
    if (errorType(record) !== undefined) span.setStatus({ code: 2 });
    span.end();
  }
}

/**
 * Replaces the client's trace fields of a request.
 *
 * @param headers The fields of the request.
 * @param fields The fields that continue the trace.
 * @param traceId The id of the trace.
 */
function continued(
  headers: readonly HeaderField[],
  fields: Readonly<Record<string, string>>,
  traceId: string,
): readonly HeaderField[] {
  // Without a propagator (OTEL_PROPAGATORS=none), the client's fields are forwarded.
  if (!("traceparent" in fields)) return headers;
  // W3C Trace Context §3.3: tracestate belongs to the trace that it came with, and to no other.
  // Deno continues the trace, but does not forward the state.
  const keepsState = headers.some(([name, value]) =>
    name === "traceparent" && value.split("-", 2)[1] === traceId
  );
  const others = headers.filter(([name]) =>
    !Object.hasOwn(fields, name) && (name !== "tracestate" || keepsState)
  );
  return [...others, ...Object.entries(fields)];
}

/** Loads the API only if it is used, as that takes long compared with the rest of the program. */
async function loadApi(): Promise<typeof api | undefined> {
  try {
    return await import("@opentelemetry/api");
  } catch (error) {
    logger.error("Cannot trace requests: {error}", { error });
    return undefined;
  }
}
