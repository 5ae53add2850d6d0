// Starts the processes and a client that calls them, and then stops the processes.
const { stop } = await import('./server.js')
await import('./client.js')
await stop()
