import { type Repair, repair, replace } from './repair.js'

/** Has this function answer in place of `fetch` for an origin, until the repair. Repairs may come in any order. */
export function installFetch(origin: string, answer: (request: Request) => Promise<Response>): Repair {
  const before = globalThis.fetch
  let isInstalled = true
  const installed: typeof fetch = async (input, init) => {
    if (!isInstalled) return before(input, init)
    const request = new Request(input, init)
    if (new URL(request.url).origin !== origin) return before(request)
    // No fragment is ever sent.
    const [sent = '', fragment] = request.url.split('#', 2)
    return answer(fragment === undefined ? request : new Request(sent, request))
  }
  const putBack = replace(globalThis, 'fetch', { value: installed, writable: true })
  return repair(() => {
    // Another one on top of this one still calls it.
    isInstalled = false
    putBack()
  })
}
