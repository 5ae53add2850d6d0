import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileStore } from 'cacao-session/node'
import { seedKey } from '../../dist/key/generate-key.js'

// Reads again and again until it is told to stop, and then says how often, and what was wrong.

// Between two reads: the processes that write have something to do, too.
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
    // It may have been removed since.
    const seed = session && (await store.readKey('default', session))
    if (seed && (await seedKey(seed, session.keyDID)).did !== session.keyDID)
      wrong.push('a key of another session')
    // As anybody sees it, without the library.
    if (sessions.length > 0) JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    wrong.push(String(error))
  }
  await pause(PAUSE_MS)
}
process.send?.({ reads, most, wrong: wrong.slice(0, 10) })
process.disconnect()
