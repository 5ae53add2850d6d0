import { DIDSession, indexedDBStore } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'
import { ACCOUNT, PRIVATE_KEY, resources } from './account.js'

// So many sessions in this origin, each of another account; the last of them is one that was really signed.

const MOST_AT_ONCE = 500
const CALLS = 15

store(Number(location.hash.slice(1))).then(
  async () => {
    globalThis.times = {
      load: await medianOf(() => DIDSession.load()),
      hasSessionFor: await medianOf(() => DIDSession.hasSessionFor(ACCOUNT, resources)),
      list: await medianOf(() => DIDSession.list()),
    }
    globalThis.known = performance.now()
  },
  (error) => {
    globalThis.failure = error
  },
)

async function store(count) {
  const session = await DIDSession.get(ACCOUNT, ethereumAuth(PRIVATE_KEY, ACCOUNT), { resources })
  const { keyDID, cacao } = session
  const keyPair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const database = indexedDBStore()
  for (let i = 1; i < count; i += MOST_AT_ONCE) {
    const put = []
    for (let j = i; j < Math.min(i + MOST_AT_ONCE, count); j++) {
      const account = `eip155:1:0x${j.toString(16).padStart(40, '0')}`
      put.push({
        account,
        keyDID,
        cacao: { ...cacao, p: { ...cacao.p, iss: `did:pkh:${account}` } },
        keyPair,
      })
    }
    await database.write('default', { put })
  }
}

async function medianOf(task) {
  const times = []
  for (let i = 0; i < CALLS; i++) {
    const start = performance.now()
    await task()
    times.push((performance.now() - start) * 1000)
  }
  return times.sort((a, b) => a - b)[Math.floor(CALLS / 2)]
}
