import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/hono'
import { memoryReplay, memoryRevocation } from 'cacao-session/verify'
import { Hono } from 'hono'

/**
 * The API. It opts in to delegation, and needs no other code for workers: the caller is the account, whichever of the two keys
 * signed, and a request that the key's capability does not cover is refused.
 * @param {readonly string[]} hosts The hosts by which clients reach this server, and on which people sign in.
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
    // Two links: the page's session, and one key to which it delegated, for at most ten minutes.
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
      // This also revokes everything that was delegated from the session.
      await revocation.revoke(c.var.caller.cacao)
      return c.body(null, 204)
    })
}
