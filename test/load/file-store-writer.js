import { getRandomValues, randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { argv } from 'node:process'
import { ethereumAuth } from 'cacao-session/ethereum'
import { fileStore } from 'cacao-session/node'
import { seedKey } from '../../dist/key/seed-key.js'

// Writes session after session of an account of its own until it is killed. Prints what it is about to write, and that it
// was told so, each at once: a line that was printed is there, whatever becomes of this process.

const MOST_KEPT = 2

const store = fileStore(argv[2] ?? '')
const wallet = ethereumAuth(randomBytes(32), undefined, { domain: 'example.com' })
const kept = []
for (;;) {
  const seed = getRandomValues(new Uint8Array(32))
  const { did: keyDID } = await seedKey(seed)
  const cacao = await wallet({ uri: keyDID, resources: ['https://api.example.com/notes/*'] })
  const account = cacao.p.iss.replace('did:pkh:', '')
  const oldest = kept.length < MOST_KEPT ? undefined : kept.shift()
  say('trying', account, keyDID, oldest ?? '')
  await store.write('default', {
    put: [{ account, keyDID, cacao, seed }],
    remove: oldest === undefined ? [] : [{ account, keyDID: oldest }],
    last: { account, keyDID, at: Date.now() },
  })
  say('done', account, keyDID)
  kept.push(keyDID)
}

/** @param {string[]} words */
function say(...words) {
  writeSync(1, `${words.join(' ')}\n`)
}
