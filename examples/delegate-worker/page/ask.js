/**
 * Sends a message to the other thread, and resolves with the answer.
 * @param {{ postMessage(message: unknown, transfer: Transferable[]): void }} thread
 * @param {unknown} message
 * @returns {Promise<any>}
 */
export function ask(thread, message) {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => {
      port1.close()
      resolve(data)
    }
    thread.postMessage(message, [port2])
  })
}

/**
 * Answers the messages of the other thread.
 * @param {Pick<Worker, 'addEventListener'>} thread
 * @param {(message: any) => Promise<unknown>} answerTo
 */
export function answer(thread, answerTo) {
  thread.addEventListener('message', async ({ data, ports: [port] }) => {
    port?.postMessage(await answerTo(data))
  })
}
