import type { LastUsed, SessionRecord, SessionStore } from './store.js'

interface Namespace {
  readonly records: Map<string, SessionRecord>
  last?: LastUsed
}

/** Keeps sessions for as long as the page or process lives. What the default store falls back to. */
export function memoryStore(): SessionStore {
  const namespaces = new Map<string, Namespace>()
  return {
    persistence: 'memory',
    async read(name, account) {
      const { records, last } = namespaces.get(name) ?? { records: new Map<string, SessionRecord>() }
      const found = [...records.values()].filter(
        (record) => account === undefined || record.account === account,
      )
      return { records: found, ...(last && { last }) }
    },
    async write(name, { put = [], remove = [], last }) {
      const namespace: Namespace = namespaces.get(name) ?? { records: new Map() }
      namespaces.set(name, namespace)
      for (const { account, keyDID } of remove) {
        for (const [id, record] of namespace.records) {
          if (record.account === account && (keyDID ?? record.keyDID) === record.keyDID)
            namespace.records.delete(id)
        }
      }
      for (const record of put) namespace.records.set(`${record.account}\n${record.keyDID}`, record)
      if (last) namespace.last = last
    },
  }
}
