// Starts the server and a client that calls it, and then stops the server.
const { server } = await import('./server.js')
await import('./client.js')
server.close()
