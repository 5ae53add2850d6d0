// The server, and a client that calls it; then both end.
import { server } from './server.ts'

await import('./client.ts')
await server.shutdown()
