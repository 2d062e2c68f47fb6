import type * as api from "@opentelemetry/api";
import { getLogger } from "@logtape/logtape";
import { logCallFailure } from "../../model/guarded_call.ts";
import type { IncomingRequest } from "../../proxy/incoming_request.ts";
import type { RequestRecord } from "../../proxy/request_record.ts";
import type { RequestObserver } from "../../proxy/instrumentation.ts";
import type { HeaderField } from "../../http1/message.ts";
import { errorType, methodAttributes, resultAttributes, spanName } from "./span_attributes.ts";

const logger = getLogger(["ballast", "tracing"]);

/** Where the OpenTelemetry API, in its first major version, keeps what was registered with it. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/** A request that is under way. */
interface OpenSpan {
  readonly span: api.Span;
  readonly target: string;
}

/**
 * A span for each request that goes to a server, below the one that the platform makes for what the
 * client sent.
 */
export class OpenTelemetryTracing implements RequestObserver {
  readonly #loaded: Promise<typeof api | undefined> = loadApi();
  readonly #open = new WeakMap<RequestRecord, OpenSpan>();

  /**
   * Begins to trace if OpenTelemetry is on: in Deno, by `OTEL_DENO=true`; elsewhere, if the program
   * has registered an SDK. It has to be on before a balancer is made.
   *
   * @returns Undefined where it is off. Nothing is loaded then, and no request takes notice.
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
      // The program's own tracer, sampler and propagators ran; the request does not need them.
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

  /** A request is over, and its span as well. */
  ended(record: RequestRecord): void {
    const open = this.#open.get(record);
    if (open === undefined) return;
    const { span, target } = open;
    span.setAttributes(resultAttributes(record, target));
    // What SpanStatusCode.ERROR stands for; the enumeration is not loaded here.
    if (errorType(record) !== undefined) span.setStatus({ code: 2 });
    span.end();
  }
}

/**
 * The fields of a request with those of its trace in place of what the client sent.
 *
 * @param headers What the client sent.
 * @param fields What continues the trace.
 * @param traceId The trace.
 */
function continued(
  headers: readonly HeaderField[],
  fields: Readonly<Record<string, string>>,
  traceId: string,
): readonly HeaderField[] {
  // What takes no part in tracing (OTEL_PROPAGATORS=none) passes on what came.
  if (!("traceparent" in fields)) return headers;
  // W3C Trace Context §3.3: the state goes with the trace that it came with, and with no other.
  // Deno takes part in the trace without handing the state on.
  const keepsState = headers.some(([name, value]) =>
    name === "traceparent" && value.split("-", 2)[1] === traceId
  );
  const others = headers.filter(([name]) =>
    !Object.hasOwn(fields, name) && (name !== "tracestate" || keepsState)
  );
  return [...others, ...Object.entries(fields)];
}

/** Loaded only where it is used, as it takes longer than much of the program. */
async function loadApi(): Promise<typeof api | undefined> {
  try {
    return await import("@opentelemetry/api");
  } catch (error) {
    logger.error("Cannot trace requests: {error}", { error });
    return undefined;
  }
}
