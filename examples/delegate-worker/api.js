import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/hono'
import { memoryReplay, memoryRevocation } from 'cacao-session/verify'
import { Hono } from 'hono'

/**
 * The API. It opts in to delegation, and needs to know no more of workers: who calls is the account, and what the capability
 * doesn't cover is refused, whichever of the two keys signed.
 * @param {readonly string[]} hosts By which this server is reached. The page that signs people in has the same.
 */
export function uploadsAPI(hosts) {
  const revocation = memoryRevocation()
  /** @type {Map<string, string[]>} */
  const uploads = new Map()
  const session = requireSession({
    verifiers: ethereumVerifiers(),
    authority: hosts,
    domains: hosts,
    resources: (_, url) => [url.origin + url.pathname],
    // The page's session, and one key to which it delegated, for as long as the page does that.
    delegation: { maxLinks: 2, maxSecs: 600 },
    replay: memoryReplay(),
    revocation,
    maxBodyBytes: 4096,
  })
  return new Hono()
    .use(session)
    .put('/uploads/:name', (c) => {
      const { account, keyDID } = c.var.caller
      const names = [...(uploads.get(account) ?? []), c.req.param('name')]
      uploads.set(account, names)
      return c.json({ account, keyDID, uploads: names.length })
    })
    .get('/account', (c) => {
      const { account, keyDID } = c.var.caller
      return c.json({ account, keyDID, uploads: uploads.get(account)?.length ?? 0 })
    })
    .post('/sign-out', async (c) => {
      // What was delegated from it is revoked with it.
      await revocation.revoke(c.var.caller.cacao)
      return c.body(null, 204)
    })
}
