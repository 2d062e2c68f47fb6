import { STATUS_TEXT, type StatusCode } from "@std/http/status";
import { BalancerError, type ErrorCode } from "../model/errors.ts";

/** One fault of a request, as an error response lists it. */
export interface FieldFault {
  /** The field, for example `weight`; `body`, `content-type` … for the request as a whole. */
  readonly field: string;
  /** What is wrong with it, and what is allowed. */
  readonly detail: string;
}

/** What a {@linkcode Problem} says beside its status and detail. */
export interface ProblemOptions {
  /** What is wrong, by field. Default: nothing. */
  readonly faults?: readonly FieldFault[];
  /** Further fields of the response. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the content (RFC 9457 §3.2). Default: none. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** A request that the admin API refuses. It becomes an `application/problem+json` response. */
export class Problem extends Error {
  /** The status of the response. */
  readonly status: StatusCode;
  /** What is wrong, by field. */
  readonly faults: readonly FieldFault[];
  /** Further fields of the response. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the content. */
  readonly members: Readonly<Record<string, unknown>>;

  /**
   * @param status The status of the response.
   * @param detail What happened, and what to do next.
   * @param options What is wrong by field, and what else the response says.
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

const ABOUT_URL: readonly ErrorCode[] = [
  "not_found",
  "already_exists",
  "discovered",
  "not_permitted",
  "unsupported",
];

/** The problem that a balancer's refusal is; undefined if the error is none. */
export function problemOf(error: BalancerError): Problem | undefined {
  const status = STATUSES[error.code];
  if (status === undefined) return undefined;
  // A fault of the body as a whole has no path.
  const faults = error.faults.map(({ path, message }) => ({
    field: path === "" ? "body" : path,
    detail: message,
  }));
  // These are about the URL, whatever else the body says.
  if (ABOUT_URL.includes(error.code)) {
    faults.push({ field: "url", detail: error.message });
  }
  return new Problem(status, error.message, { faults });
}

/** The response for a problem (RFC 9457). */
export function problemResponse(problem: Problem): Response {
  const { status, message, faults, headers, members } = problem;
  const body = {
    type: "about:blank",
    title: STATUS_TEXT[status],
    status,
    detail: message,
    ...(faults.length > 0 ? { errors: faults } : {}),
    ...members,
  };
  return new Response(JSON.stringify(body) + "\n", {
    status,
    headers: {
      ...headers,
      "content-type": "application/problem+json",
      "cache-control": "no-store",
    },
  });
}

/** Makes any error a response; what is not a refusal is a defect, and is told as such. */
export function errorToResponse(error: unknown): Response {
  if (error instanceof Problem) return problemResponse(error);
  const problem = error instanceof BalancerError ? problemOf(error) : undefined;
  return problemResponse(problem ?? new Problem(500, "Ballast failed; its log says how."));
}
