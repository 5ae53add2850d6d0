import 'fake-indexeddb/auto'
import { DIDSession as Ours } from 'cacao-session'
import { toDID } from 'cacao-session/dids'
import { ethereumAuth } from 'cacao-session/ethereum'
import { callsPerTask } from './measure.js'
import { rawCrypto } from './raw-crypto.js'
import { requestTasks } from './request-tasks.js'
import { verifyTasks } from './verify-tasks.js'

const PRIVATE_KEY = `0x${'11'.repeat(32)}`
const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
const BYTES_TO_SIGN = 512

/** What is measured: a session of each kind in both libraries, over the same IndexedDB and the same account. */
export async function fixtures(rounds) {
  const { DIDSession: Theirs } = await import('../did-session/incumbent.js')
  const account = `eip155:1:${ADDRESS}`
  // did-session takes an object of the package caip; what it uses of that are these three.
  const id = { chainId: { namespace: 'eip155', reference: '1' }, address: ADDRESS, toString: () => account }
  const resources = ['ceramic://*']
  const wallet = ethereumAuth(PRIVATE_KEY, account, { domain: 'bench.example' })
  const options = { resources, expiresInSecs: 86_400 }

  // The wallet's own cost is none of the library's: it signs once, for whatever key is asked for later.
  const { cacao } = await Ours.authorize(wallet, options)
  const grant = async ({ uri }) => ({ ...cacao, p: { ...cacao.p, aud: uri } })

  const ours = {
    stored: await Ours.get(account, wallet, options),
    seeded: await Ours.authorize(wallet, options),
  }
  const theirs = {
    stored: await Theirs.get(id, wallet, options),
    seeded: await Theirs.authorize(wallet, options),
  }
  if (!(await Ours.hasSessionFor(account, resources)) || !(await Theirs.hasSessionFor(id, resources))) {
    throw new Error('the sessions to be resumed are not stored')
  }
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES_TO_SIGN))
  const [storedDID, seededDID] = [await toDID(ours.stored), await toDID(ours.seeded)]
  const payload = { hello: 'world', n: 42, list: [1, 2, 3] }
  return {
    Ours,
    Theirs,
    toDID,
    account,
    id,
    resources,
    grant,
    ours: { ...ours, storedDID, seededDID },
    theirs: { ...theirs, text: theirs.seeded.serialize() },
    raw: await rawCrypto(bytes),
    payload,
    verify: await verifyTasks({ ...ours, storedDID, seededDID, payload }),
    requests: await requestTasks(ours, callsPerTask(rounds)),
    bytes,
  }
}
