import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileStore } from 'cacao-session/node'
import { seedKey } from '../../dist/key/generate-key.js'

// Reads repeatedly until it is told to stop, and then reports the number of reads and the errors.

// A pause between two reads, so that the writing processes can work too.
const PAUSE_MS = 5

const path = argv[2] ?? ''
const store = fileStore(path)
const wrong = []
let [reads, most, isOver] = [0, 0, false]
process.on('message', () => {
  isOver = true
})
while (!isOver) {
  try {
    const sessions = await store.read('default')
    reads++
    most = Math.max(most, sessions.length)
    const session = sessions[Math.floor(Math.random() * sessions.length)]
    // It may have been deleted meanwhile.
    const seed = session && (await store.readKey('default', session))
    if (seed && (await seedKey(seed, session.keyDID)).did !== session.keyDID)
      wrong.push('a key of another session')
    // Read directly, without the library.
    if (sessions.length > 0) JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    wrong.push(String(error))
  }
  await pause(PAUSE_MS)
}
process.send?.({ reads, most, wrong: wrong.slice(0, 10) })
process.disconnect()
