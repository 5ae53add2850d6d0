// The server, and a client that calls it; then both end.
const { server } = await import('./server.js')
await import('./client.js')
server.close()
