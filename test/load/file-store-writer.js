import { getRandomValues } from 'node:crypto'
import { writeSync } from 'node:fs'
import { argv } from 'node:process'
import { ethereumAuth } from 'cacao-session/ethereum'
import { fileStore } from 'cacao-session/node'
import { seedKey } from '../../dist/key/generate-key.js'

// Prints the stored sessions of its account, and then writes one after another until it is killed. Before and after each write
// it prints a line, which is flushed at once, so it is there even if this process is killed.

const MOST_KEPT = 2

const [, , path = '', key = ''] = argv
const store = fileStore(path)
const wallet = ethereumAuth(Buffer.from(key, 'hex'), undefined, { domain: 'example.com' })
const account = argv[4] ?? ''
// Everything it needs is loaded by now: if it is killed from here on, that is during a write or a wait.
await session()
const kept = (await store.read('default', account)).map((record) => record.keyDID)
say('found', ...kept)
for (;;) {
  const { keyDID, cacao, seed } = await session()
  const oldest = kept.length < MOST_KEPT ? [] : kept.splice(0, kept.length - MOST_KEPT + 1)
  say('trying', keyDID, ...oldest)
  await store.write('default', {
    put: [{ account, keyDID, cacao, seed }],
    remove: oldest.map((old) => ({ account, keyDID: old })),
    last: { account, keyDID, at: Date.now() },
  })
  say('done')
  kept.push(keyDID)
}

async function session() {
  const seed = getRandomValues(new Uint8Array(32))
  const { did: keyDID } = await seedKey(seed)
  const cacao = await wallet({ uri: keyDID, resources: ['https://api.example.com/notes/*'] })
  return { keyDID, cacao, seed }
}

/** @param {string[]} words */
function say(...words) {
  writeSync(1, `${words.join(' ')}\n`)
}
