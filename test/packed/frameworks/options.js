import { ethereumVerifiers } from 'cacao-session/ethereum'

/** What each of these servers asks for: a session for the very URL, as clients know it. */
export const options = {
  verifiers: ethereumVerifiers(),
  authority: process.env.AUTHORITY,
  domains: ['app.example.com'],
  resources: (_, url) => [url.origin + url.pathname],
}
