import { type Repair, repair } from './repair.js'

// What lies beneath those that are repaired.
const beneath = new WeakMap<typeof fetch, typeof fetch>()

/** Has this function answer in place of `fetch` for an origin, until the repair. Repairs may come in any order. */
export function installFetch(origin: string, answer: (request: Request) => Promise<Response>): Repair {
  const before = globalThis.fetch
  let isInstalled = true
  const installed: typeof fetch = async (input, init) => {
    if (!isInstalled) return before(input, init)
    const request = new Request(input, init)
    return new URL(request.url).origin === origin ? answer(request) : before(request)
  }
  globalThis.fetch = installed
  return repair(() => {
    isInstalled = false
    beneath.set(installed, before)
    for (;;) {
      const next = beneath.get(globalThis.fetch)
      if (!next) return
      globalThis.fetch = next
    }
  })
}
