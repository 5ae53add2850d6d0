import { redisReplay, redisRevocation } from 'cacao-session/node'
import { cacaoCID, nonces } from 'cacao-session/verify'
import { createClient } from 'redis'

const NEVER = '9999-12-31T00:00:00Z'

/** @typedef {import('./stores.js').Stores} Stores */

/**
 * Stores that are all in one Redis, for all processes that have the same secret.
 * @param {string} url
 * @param {Uint8Array | undefined} secret The secret of the nonces, so that each process accepts the nonces of the others.
 * @returns {Promise<Stores>}
 */
export async function redisStores(url, secret) {
  // While Redis can't be reached, the client reconnects, and requests that need it are refused at once.
  const client = createClient({ url, disableOfflineQueue: true })
  client.on('error', (error) => console.error(`Redis: ${error.message}`))
  await client.connect()
  const replay = redisReplay(client)
  return {
    replay,
    revocation: redisRevocation(client),
    signIns: nonces({ replay, ...(secret && { secret }) }),
    admissions: {
      async add(cacao) {
        const { exp = NEVER } = cacao.p
        await client.set(admissionKey(cacao), '1', { expiration: { type: 'PXAT', value: Date.parse(exp) } })
      },
      has: async (cacao) => (await client.exists(admissionKey(cacao))) === 1,
    },
    notes: {
      list: async (account) => (await client.hVals(notesKey(account))).map((json) => JSON.parse(json)),
      async add(account, note) {
        await client.hSet(notesKey(account), note.id, JSON.stringify(note))
      },
      remove: async (account, id) => (await client.hDel(notesKey(account), id)) === 1,
    },
    async close() {
      client.destroy()
    },
  }
}

/** @param {import('cacao-session/verify').Cacao} cacao */
const admissionKey = (cacao) => `notes:admitted:${cacaoCID(cacao)}`

/** @param {string} account */
const notesKey = (account) => `notes:of:${account}`
