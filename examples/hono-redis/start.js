// The processes, and a client that calls them; then all of them end.
const { stop } = await import('./server.js')
await import('./client.js')
await stop()
