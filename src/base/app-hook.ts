/**
 * Calls a function of the app, and throws as it does. If it is async, it is not awaited, and `onRejected` gets its
 * error: without a handler, an unhandled rejection would end the process.
 */
export function callHook(hook: () => unknown, onRejected: (error: unknown) => void): void {
  Promise.resolve(hook()).catch(onRejected)
}
