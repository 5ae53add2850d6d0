import { ethereumVerifiers } from 'cacao-session/ethereum'
import { memoryReplay } from 'cacao-session/verify'

// One for the whole process: Next.js has a copy of this module for each part of an app.
globalThis.replay ??= memoryReplay()

/** What each of these servers asks for: a session for the very URL, as clients know it. */
export const options = {
  verifiers: ethereumVerifiers(),
  authority: process.env.AUTHORITY,
  domains: ['app.example.com'],
  resources: (_, url) => [url.origin + url.pathname],
  replay: globalThis.replay,
  signedURLs: true,
}
