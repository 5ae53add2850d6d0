import { contextOf } from '../../src/resume/context.js'

// Files of a lane share one page, because that takes half the time: each begins with storage that nobody has used.
await Promise.all(
  ['cacao-session', 'did-session'].map(
    (name) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name)
        request.onsuccess = resolve
        request.onerror = reject
      }),
  ),
)
globalThis.localStorage?.clear()
globalThis.sessionStorage?.clear()
// Nor is there a store in memory, which a file has where IndexedDB refused it.
contextOf({}).stores.splice(1)
