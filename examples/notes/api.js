import { randomUUID } from 'node:crypto'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/hono'
import { solanaVerifiers } from 'cacao-session/solana'
import { webauthnVerifiers } from 'cacao-session/webauthn'
import { Hono } from 'hono'

const MAX_BODY_BYTES = 4096
const MAX_TEXT_LENGTH = 280
const MAX_NOTES = 100

/** @typedef {import('hono').Context<{ Variables: import('cacao-session/hono').SessionVariables }>} Context */

/**
 * The API: notes of each account, for people who signed in here with a wallet. Each request is signed with the session key.
 * @param {readonly string[]} hosts The hosts by which clients reach this server, and on which people sign in.
 * @param {import('./stores.js').Stores} stores
 */
export function notesAPI(hosts, { replay, revocation, signIns, admissions, notes }) {
  const session = requireSession({
    verifiers: {
      ...ethereumVerifiers(),
      ...solanaVerifiers(),
      // Name the page's origins, because by default http is accepted only for localhost.
      ...webauthnVerifiers({ origins: hosts.map((host) => `http://${host}`) }),
    },
    authority: hosts,
    domains: hosts,
    // The required resource is the requested URL. Its host was verified, so it is one of ours, whatever the client wrote.
    resources: (_, url) => [url.origin + url.pathname],
    replay,
    revocation,
    maxBodyBytes: MAX_BODY_BYTES,
  })
  return new Hono()
    .get('/nonce', (c) => c.json({ nonce: signIns.issue() }))
    .use(session)
    .post('/sign-in', async (c) => {
      const { cacao, root } = c.var.caller
      if (await admissions.has(cacao)) return c.body(null, 204)
      // The wallet signed our nonce (`root`), so the person signed in just now, and here. A nonce that only a session key signed
      // would prove neither.
      if (await signIns.consume(root.p.nonce)) await admissions.add(cacao)
      // Another tab may have sent the same sign-in in the meantime.
      else if (!(await admissions.has(cacao))) return unauthorized(c, 'ERR_SIGN_IN_NONCE')
      return c.body(null, 204)
    })
    .use(async (c, next) =>
      (await admissions.has(c.var.caller.cacao)) ? next() : unauthorized(c, 'ERR_SIGN_IN'),
    )
    .post('/sign-out', async (c) => {
      await revocation.revoke(c.var.caller.cacao)
      return c.body(null, 204)
    })
    .post('/sign-out-everywhere', async (c) => {
      const { account, cacao } = c.var.caller
      // Revoke this session by itself too: if the clock of its issuer is ahead of ours, revokeAll would miss it.
      await Promise.all([revocation.revoke(cacao), revocation.revokeAll(account)])
      return c.body(null, 204)
    })
    .get('/notes', async (c) => {
      const list = await notes.list(c.var.caller.account)
      return c.json({ notes: list.sort((a, b) => b.at.localeCompare(a.at)) })
    })
    .post('/notes', async (c) => {
      const { account, keyDID } = c.var.caller
      const text = textOf(await c.req.json().catch(() => undefined))
      if (!text) return c.json({ code: 'ERR_NOTE' }, 400)
      if ((await notes.list(account)).length >= MAX_NOTES) return c.json({ code: 'ERR_NOTES_FULL' }, 409)
      const note = { id: randomUUID(), text, at: new Date().toISOString() }
      await notes.add(account, note)
      // What the server has verified about the request, for the page to show.
      return c.json({ ...note, concluded: { account, keyDID } }, 201)
    })
    .delete('/notes/:id', async (c) => {
      const isRemoved = await notes.remove(c.var.caller.account, c.req.param('id'))
      return isRemoved ? c.body(null, 204) : c.json({ code: 'ERR_NOTE_GONE' }, 404)
    })
}

/**
 * Answers as the middleware refuses requests. The session is genuine, but it did not sign in here.
 * @param {Context} c
 * @param {string} code
 */
const unauthorized = (c, code) => c.json({ code }, 401, { 'www-authenticate': `CACAO error="${code}"` })

/**
 * The text of a note; empty if it is missing or too long.
 * @param {unknown} posted
 */
function textOf(posted) {
  const { text } = /** @type {{ text?: unknown }} */ (posted ?? {})
  const trimmed = typeof text === 'string' ? text.trim() : ''
  return trimmed.length <= MAX_TEXT_LENGTH ? trimmed : ''
}
