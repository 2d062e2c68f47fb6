/** What an answer has beside its content. */
export interface AnswerOptions {
  /** The status. Default: 200. */
  readonly status?: number;
  /** Further fields. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer in JSON. Nothing keeps it: what it says is soon out of date. */
export function jsonAnswer(value: unknown, options: AnswerOptions = {}): Response {
  return new Response(JSON.stringify(value) + "\n", {
    status: options.status ?? 200,
    headers: {
      ...options.headers,
      "content-type": "application/json",
      "cache-control": "no-store",
    },
  });
}
