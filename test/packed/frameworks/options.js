import { ethereumVerifiers } from 'cacao-session/ethereum'
import { memoryReplay } from 'cacao-session/verify'

// One store for the whole process, because Next.js loads this module once for each part of an app.
globalThis.replay ??= memoryReplay()

/** The options of each of these servers: the request's own URL is the required resource. */
export const options = {
  verifiers: ethereumVerifiers(),
  authority: process.env.AUTHORITY,
  domains: ['app.example.com'],
  resources: (_, url) => [url.origin + url.pathname],
  replay: globalThis.replay,
  signedURLs: true,
}
