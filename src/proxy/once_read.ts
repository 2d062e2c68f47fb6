/**
 * A stream with the same content, and a call when it is over.
 *
 * @param stream The stream, which is locked from now on.
 * @param callback Called once when the stream has been read to its end, has failed or is given up.
 */
export function onceRead(
  stream: ReadableStream<Uint8Array>,
  callback: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        callback();
        controller.close();
      } catch (error) {
        callback();
        controller.error(error);
      }
    },
    cancel: async (reason) => {
      callback();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
