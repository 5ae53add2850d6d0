import { contextOf } from '../../src/resume/context.js'

// The files of a lane share one page, because that takes half the time: each begins with empty storage.
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
// It also begins without sessions in memory, which a file has if IndexedDB failed.
contextOf({}).stores.splice(1)
