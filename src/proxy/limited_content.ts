import { BalancerError } from "../model/errors.ts";

/** The error for content that is larger than allowed. */
export function contentTooLarge(limit: number): BalancerError {
  const message = `The request was refused: its content is larger than ${limit} bytes`;
  return new BalancerError("content_too_large", message, { source: "downstream" });
}

/**
 * A stream with the same content, which fails once there is more of it than allowed.
 *
 * @param stream The content, which is locked from now on.
 * @param limit The most bytes that are allowed.
 */
export function limitContent(
  stream: ReadableStream<Uint8Array>,
  limit: number,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let size = 0;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      size += value.length;
      if (size <= limit) return controller.enqueue(value);
      const error = contentTooLarge(limit);
      controller.error(error);
      await reader.cancel(error);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
