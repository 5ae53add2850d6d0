// Starts the server and a client that calls it, and then stops the server.
import { server } from './server.ts'

await import('./client.ts')
await server.shutdown()
