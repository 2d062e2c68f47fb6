import { STATUS_TEXT, type StatusCode } from "@std/http/status";
import { z } from "zod";
import { BalancerError, type ErrorCode } from "../model/errors.ts";
import { jsonResponse } from "./operation.ts";
import { SERVER } from "./server_json.ts";

/** Content of a refusal (RFC 9457). */
export const PROBLEM = z.looseObject({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().describe("What happened, and what to do next"),
  errors: z.array(z.object({ field: z.string(), detail: z.string() }))
    .describe("Faults by field").optional(),
  server: SERVER.nullable().describe("With 412: the server as it is now").optional(),
  etag: z.string().nullable().describe("With 412: its entity tag").optional(),
  urls: z.array(z.string()).describe("With 409: the servers that have the name").optional(),
}).meta({ id: "Problem" });

/** Fault of one field of a request. */
export interface FieldFault {
  /** The field, for example `weight`; `body`, `content-type` … for the request as a whole. */
  readonly field: string;
  /** The fault, and the values that are allowed. */
  readonly detail: string;
}

/** Further parts of a {@linkcode Problem}. */
export interface ProblemOptions {
  /** Faults by field. Default: none. */
  readonly faults?: readonly FieldFault[];
  /** Further header fields of the response. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the content (RFC 9457 §3.2). Default: none. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** A refusal by the admin API. It becomes an `application/problem+json` response. */
export class Problem extends Error {
  /** Status of the response. */
  readonly status: StatusCode;
  /** Faults by field. */
  readonly faults: readonly FieldFault[];
  /** Further header fields of the response. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the content. */
  readonly members: Readonly<Record<string, unknown>>;

  /**
   * @param status Status of the response.
   * @param detail The reason, and the next step for the caller.
   * @param options Further parts of the response.
   */
  constructor(status: StatusCode, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.faults = options.faults ?? [];
    this.headers = options.headers ?? {};
    this.members = options.members ?? {};
  }
}

const STATUSES: Partial<Record<ErrorCode, StatusCode>> = {
  invalid: 400,
  not_permitted: 403,
  not_found: 404,
  already_exists: 409,
  full: 409,
  conflict: 409,
  discovered: 409,
  unsupported: 501,
  closed: 503,
  unavailable: 503,
  unconfirmed: 504,
};

/** Errors that are about the URL, whatever else the request says. */
const ABOUT_URL: readonly ErrorCode[] = [
  ...["not_found", "already_exists", "discovered", "not_permitted", "unsupported"] as const,
];

/**
 * Makes the response for an error (RFC 9457). Anything but a refusal is a defect: it is 500, and
 * the details stay in the log.
 */
export function errorToResponse(error: unknown): Response {
  const { status, message, faults, headers, members } = toProblem(error);
  const body = {
    type: "about:blank",
    title: STATUS_TEXT[status],
    status,
    detail: message,
    ...(faults.length > 0 ? { errors: faults } : {}),
    ...members,
  };
  return jsonResponse(body, { status, headers, type: "application/problem+json" });
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = error instanceof BalancerError ? STATUSES[error.code] : undefined;
  if (!(error instanceof BalancerError) || status === undefined) {
    return new Problem(500, "Ballast failed; see its log");
  }
  // A fault of the body as a whole has no path.
  const faults = error.faults.map(({ path, message }) => ({
    field: path === "" ? "body" : path,
    detail: message,
  }));
  if (ABOUT_URL.includes(error.code)) faults.push({ field: "url", detail: error.message });
  return new Problem(status, error.message, { faults });
}
